// The same server, which has much to do before it listens.
setTimeout(() => require('./node.js'), 1500);
