"""An application for uvicorn that knows nothing of its supervisor."""

import asyncio
import os
from urllib.parse import parse_qs

with open(os.environ["RELEASE_FILE"], encoding="utf-8") as file:
    RUN = f"{file.read().strip()}:{os.getpid()}".encode()

LARGEST = (bytes(range(97, 120)) * 434_783)[:10_000_000]


async def app(scope, receive, send):
    """Answers one request, or keeps one WebSocket."""
    if scope["type"] == "websocket":
        await socket(receive, send)
    elif scope["type"] == "http":
        await Answer(scope, receive, send).give()


class Answer:
    """The answer to one request."""

    def __init__(self, scope, receive, send):
        self.path = scope["path"]
        self.query = parse_qs(scope["query_string"].decode())
        self.receive = receive
        self.send = send

    def number(self, name):
        return int(self.query[name][0])

    def text(self):
        return f"answer to {self.query['q'][0]}\n".encode()

    async def give(self):
        if self.path == "/":
            await self.whole(self.text())
        elif self.path == "/slow":
            await asyncio.sleep(self.number("ms") / 1000)
            await self.whole(self.text())
        elif self.path == "/bytes":
            await self.whole(LARGEST[: self.number("n")])
        elif self.path == "/echo":
            await self.whole(await self.body())
        elif self.path == "/drip":
            await self.drip(self.number("n"), self.number("ms") / 1000)
        elif self.path == "/sse":
            await self.events()
        elif self.path == "/health":
            await self.whole(b'{"status":"ok"}')
        else:
            await self.whole(b"", 404)

    async def head(self, status=200, *more):
        headers = [(b"x-run", RUN), *more]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def part(self, body, more=True):
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def whole(self, body, status=200):
        await self.head(status, (b"content-length", str(len(body)).encode()))
        await self.part(body, False)

    async def body(self):
        parts = []
        while True:
            message = await self.receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)

    async def drip(self, count, pause):
        await self.head()
        for number in range(count):
            await self.part(f"part {number}\n".encode())
            await asyncio.sleep(pause)
        await self.part(b"", False)

    async def events(self):
        await self.head(200, (b"content-type", b"text/event-stream"))
        number = 0
        while True:
            await self.part(f"data: {number}\n\n".encode())
            number += 1
            await asyncio.sleep(0.1)


async def socket(receive, send):
    """Counts, every tenth of a second, until the client goes."""
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x-run", RUN)]})
    gone = asyncio.ensure_future(receive())
    number = 0
    while not gone.done():
        await send({"type": "websocket.send", "text": str(number)})
        number += 1
        await asyncio.sleep(0.1)
