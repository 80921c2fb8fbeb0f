// The same server in two workers that Node's own `cluster` starts; their parent holds the listener.
const cluster = require('node:cluster');

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  require('./node.js');
}
