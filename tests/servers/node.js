// A server on Node's own `http` that knows nothing of its supervisor: it listens, and has no handler for
// signals. Bun runs it as well.
const http = require('node:http');
const fs = require('node:fs');
const crypto = require('node:crypto');

const release = fs.readFileSync(process.env.RELEASE_FILE, 'utf8').trim();
const run = `${release}:${process.pid}`;
const alphabet = Buffer.from(Array.from({ length: 23 }, (_, i) => 97 + i));
const largest = Buffer.alloc(10_000_000, alphabet);

const routes = {
  '/': (_, response, query) => response.end(`answer to ${query.get('q')}\n`),
  '/slow': (_, response, query) =>
    setTimeout(() => response.end(`answer to ${query.get('q')}\n`), Number(query.get('ms'))),
  '/bytes': (_, response, query) => response.end(largest.subarray(0, Number(query.get('n')))),
  '/health': (_, response) => response.end('{"status":"ok"}'),
  '/echo': (request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => response.end(Buffer.concat(parts)));
  },
  '/drip': (_, response, query) => drip(response, 0, Number(query.get('n')), Number(query.get('ms'))),
  '/sse': (request, response) => {
    response.setHeader('Content-Type', 'text/event-stream');
    count((i) => response.write(`data: ${i}\n\n`), request.socket);
  },
};

function drip(response, i, n, ms) {
  if (i === n) return response.end();
  response.write(`part ${i}\n`);
  setTimeout(() => drip(response, i + 1, n, ms), ms);
}

function count(say, socket) {
  let i = 0;
  const timer = setInterval(() => say(i++), 100);
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => {});
}

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  response.setHeader('X-Run', run);
  const route = routes[pathname];
  if (route) return route(request, response, searchParams);
  response.statusCode = 404;
  response.end();
});

server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = crypto.createHash('sha1').update(key).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `X-Run: ${run}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  count((i) => socket.write(Buffer.concat([Buffer.from([0x81, String(i).length]), Buffer.from(String(i))])), socket);
});

const at = process.env.SOCKET ?? Number(process.env.PORT);
server.listen(at, () => console.log(`listens on ${at}`));

module.exports = server;
