// The API of the deployment guide, as small as it can be: Hono on Bun, a health check, a WebSocket.
import { Hono } from 'hono';
import { createBunWebSocket } from 'hono/bun';

const { upgradeWebSocket, websocket } = createBunWebSocket();
const port: number = Number(process.env.PORT ?? 3013);
const born: number = Date.now();

const app = new Hono();

app.get('/health', (context) =>
  context.json({
    status: 'ok',
    timestamp: new Date().toISOString(),
    uptime: (Date.now() - born) / 1000,
  }),
);

app.get('/whoami', (context) =>
  context.json({
    pid: process.pid,
    instance: process.env.NODE_APP_INSTANCE,
    environment: process.env.NODE_ENV,
    hasDatabase: process.env.DATABASE_PASSWORD !== undefined,
  }),
);

app.get(
  '/ws',
  upgradeWebSocket(() => ({
    onMessage: (event, socket) => socket.send(`echo ${event.data}`),
  })),
);

Bun.serve({ port, fetch: app.fetch, websocket });
console.log(`✓ Server running at http://localhost:${port}`);
