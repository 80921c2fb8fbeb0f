// A single writer: a second run beside the first finds its lock and ends.
const fs = require('node:fs');

const lock = process.env.LOCK_FILE;

function holder() {
  try {
    const pid = Number(fs.readFileSync(lock, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}

const other = holder();
if (other !== undefined) {
  console.error(`process ${other} has the lock`);
  process.exit(9);
}
fs.writeFileSync(lock, String(process.pid));
require('./node.js');
