// A server whose next run may be broken, as its file of moods says: a bad release.
const fs = require('node:fs');

const mood = fs.readFileSync(process.env.MOOD_FILE, 'utf8').trim();

if (mood === 'exits') {
  console.error('the migration failed: no such table');
  process.exit(3);
} else if (mood === 'hangs') {
  setInterval(() => {}, 1000);
} else if (mood === 'listens elsewhere') {
  process.env.PORT = process.env.ELSEWHERE;
  require('./node.js');
} else if (mood === 'is sick') {
  const server = require('./node.js');
  const healthy = server.listeners('request')[0];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.url.startsWith('/health')) response.statusCode = 500;
    healthy(request, response);
  });
} else {
  require('./node.js');
}
