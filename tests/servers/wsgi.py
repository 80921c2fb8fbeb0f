"""An application for gunicorn's own workers that knows nothing of its supervisor."""

import os
import time
from urllib.parse import parse_qs

with open(os.environ["RELEASE_FILE"], encoding="utf-8") as file:
    RUN = f"{file.read().strip()}:{os.getpid()}"

LARGEST = (bytes(range(97, 120)) * 434_783)[:10_000_000]


def app(environ, start_response):
    """Answers one request."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    path = environ["PATH_INFO"]
    status = "200 OK"
    if path == "/slow":
        time.sleep(int(query["ms"][0]) / 1000)
    if path in ("/", "/slow"):
        body = f"answer to {query['q'][0]}\n".encode()
    elif path == "/bytes":
        body = LARGEST[: int(query["n"][0])]
    elif path == "/echo":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    elif path == "/health":
        body = b'{"status":"ok"}'
    else:
        status, body = "404 Not Found", b""
    start_response(status, [("X-Run", RUN), ("Content-Length", str(len(body)))])
    return [body]
