// An API on plain node:http. GET /health says how it is.
const http = require('node:http');

const routes = {
  '/': () => ({ hello: 'from node', instance: process.env.NODE_APP_INSTANCE }),
  '/health': () => ({ status: 'ok', pid: process.pid, uptime: process.uptime() }),
};

const server = http.createServer((request, response) => {
  const route = routes[request.url];
  response.writeHead(route ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(route ? route() : { error: 'not found' }) + '\n');
});

server.listen(process.env.PORT || 8080, () => {
  console.log(`✓ Server running at http://localhost:${server.address().port}`);
  if (process.send) process.send('ready'); // what `wait_ready` waits for
});

// What `wsctl stop` and `wsctl restart` send: finish the requests that are under way, then end.
process.on('SIGINT', () => server.close(() => process.exit(0)));
