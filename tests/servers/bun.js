// A server on `Bun.serve` that knows nothing of its supervisor: it listens, and has no handler for signals.
import { readFileSync } from 'node:fs';

const run = `${readFileSync(process.env.RELEASE_FILE, 'utf8').trim()}:${process.pid}`;
const headers = { 'X-Run': run };
const largest = Buffer.alloc(10_000_000, Buffer.from(Array.from({ length: 23 }, (_, i) => 97 + i)));
const text = new TextEncoder();

function drip(n, ms) {
  return new ReadableStream({
    async start(controller) {
      for (let i = 0; i < n; i++) {
        controller.enqueue(text.encode(`part ${i}\n`));
        await Bun.sleep(ms);
      }
      controller.close();
    },
  });
}

function events(signal) {
  return new ReadableStream({
    async start(controller) {
      for (let i = 0; !signal.aborted; i++) {
        controller.enqueue(text.encode(`data: ${i}\n\n`));
        await Bun.sleep(100);
      }
    },
  });
}

const server = Bun.serve({
  port: Number(process.env.PORT),
  idleTimeout: 60,
  async fetch(request, server) {
    const { pathname, searchParams: query } = new URL(request.url);
    switch (pathname) {
      case '/':
        return new Response(`answer to ${query.get('q')}\n`, { headers });
      case '/slow':
        await Bun.sleep(Number(query.get('ms')));
        return new Response(`answer to ${query.get('q')}\n`, { headers });
      case '/bytes':
        return new Response(largest.subarray(0, Number(query.get('n'))), { headers });
      case '/echo':
        return new Response(await request.arrayBuffer(), { headers });
      case '/drip':
        return new Response(drip(Number(query.get('n')), Number(query.get('ms'))), { headers });
      case '/sse':
        return new Response(events(request.signal), {
          headers: { ...headers, 'Content-Type': 'text/event-stream' },
        });
      case '/ws':
        return server.upgrade(request, { headers }) ? undefined : new Response('', { status: 400 });
      case '/health':
        return new Response('{"status":"ok"}', { headers });
      default:
        return new Response('', { status: 404, headers });
    }
  },
  websocket: {
    open(socket) {
      let i = 0;
      socket.data = setInterval(() => socket.send(String(i++)), 100);
    },
    message() {},
    close(socket) {
      clearInterval(socket.data);
    },
  },
});

console.log(`listens on ${server.port}`);
