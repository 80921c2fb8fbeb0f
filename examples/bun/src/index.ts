// An API on Bun, without packages: GET /health says how it is, /ws echoes over a WebSocket.
const born: number = Date.now();

const server = Bun.serve({
  port: Number(process.env.PORT ?? 3013),
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (pathname === '/health') {
      return Response.json({
        status: 'ok',
        timestamp: new Date().toISOString(),
        uptime: (Date.now() - born) / 1000,
      });
    }
    if (pathname === '/ws' && server.upgrade(request)) {
      return undefined;
    }
    return Response.json({ error: 'not found' }, { status: 404 });
  },
  websocket: {
    message(socket, message) {
      socket.send(`echo ${message}`);
    },
  },
});

console.log(`✓ Server running at http://localhost:${server.port}`);
