// An app that is a program of its own: no interpreter is involved.
// Build it first: cargo build --release -p hello
const path = require('path');

const target = process.env.CARGO_TARGET_DIR || path.join(__dirname, '../../target');

module.exports = {
  apps: [
    {
      name: 'hello',
      cwd: __dirname,
      script: path.resolve(target, 'release/hello'),
      interpreter: 'none', // the script is executed as it is
      env: {
        PORT: process.env.PORT || 3000,
      },
      log_date_format: 'YYYY-MM-DD HH:mm:ss Z', // put before each line of the logs
    },
  ],
};
