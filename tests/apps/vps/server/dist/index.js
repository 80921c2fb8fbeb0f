// The same API on a small server: built JavaScript, two instances, each with a port of its own.
const port = Number(process.env.PORT);

Bun.serve({
  port,
  fetch: () => Response.json({ status: 'ok', port, instance: process.env.NODE_APP_INSTANCE }),
});
console.log(`✓ Server running at http://localhost:${port}`);
