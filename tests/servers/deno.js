// A server on `Deno.serve` that knows nothing of its supervisor: it listens, and has no handler for signals.
const run = `${Deno.readTextFileSync(Deno.env.get('RELEASE_FILE')).trim()}:${Deno.pid}`;
const headers = { 'X-Run': run };
const largest = Uint8Array.from({ length: 10_000_000 }, (_, i) => 97 + (i % 23));
const text = new TextEncoder();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function drip(n, ms) {
  return new ReadableStream({
    async start(controller) {
      for (let i = 0; i < n; i++) {
        controller.enqueue(text.encode(`part ${i}\n`));
        await pause(ms);
      }
      controller.close();
    },
  });
}

function events() {
  let timer;
  return new ReadableStream({
    start(controller) {
      let i = 0;
      timer = setInterval(() => controller.enqueue(text.encode(`data: ${i++}\n\n`)), 100);
    },
    cancel() {
      clearInterval(timer);
    },
  });
}

function socket(request) {
  const { socket, response } = Deno.upgradeWebSocket(request);
  let timer;
  let i = 0;
  socket.onopen = () => (timer = setInterval(() => socket.send(String(i++)), 100));
  socket.onclose = () => clearInterval(timer);
  socket.onerror = () => clearInterval(timer);
  return response;
}

Deno.serve({ port: Number(Deno.env.get('PORT')), hostname: '0.0.0.0' }, async (request) => {
  const { pathname, searchParams: query } = new URL(request.url);
  switch (pathname) {
    case '/':
      return new Response(`answer to ${query.get('q')}\n`, { headers });
    case '/slow':
      await pause(Number(query.get('ms')));
      return new Response(`answer to ${query.get('q')}\n`, { headers });
    case '/bytes':
      return new Response(largest.subarray(0, Number(query.get('n'))), { headers });
    case '/echo':
      return new Response(await request.arrayBuffer(), { headers });
    case '/drip':
      return new Response(drip(Number(query.get('n')), Number(query.get('ms'))), { headers });
    case '/sse':
      return new Response(events(), { headers: { ...headers, 'Content-Type': 'text/event-stream' } });
    case '/ws':
      return socket(request);
    case '/health':
      return new Response('{"status":"ok"}', { headers });
    default:
      return new Response('', { status: 404, headers });
  }
});
