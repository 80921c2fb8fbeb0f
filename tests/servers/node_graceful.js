// The same server with the handler for signals that the guides show: it takes no more connections, ends
// those that are idle, and goes when the last one has ended.
const server = require('./node.js');

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => server.close(() => process.exit(0)));
}
