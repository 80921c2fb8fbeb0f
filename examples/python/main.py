"""An API on Python's standard library. GET /health says how it is."""

import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BORN = time.monotonic()


def health():
    return {"status": "ok", "pid": os.getpid(), "uptime": round(time.monotonic() - BORN, 3)}


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/health"
        body = json.dumps(health() if found else {"error": "not found"}).encode() + b"\n"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8001))), Api)
print(f"✓ Server running at http://localhost:{server.server_port}", flush=True)
server.serve_forever()
