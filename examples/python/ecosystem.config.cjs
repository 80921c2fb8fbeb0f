// A Python API that needs nothing but Python.
// With uvicorn and FastAPI it is `uvicorn.config.cjs`, beside this file.
module.exports = {
  apps: [
    {
      name: 'python-api',
      cwd: __dirname, // this folder, wherever `wsctl` is called
      script: 'main.py', // its ending says that python3 runs it
      env: {
        PORT: process.env.PORT || 8001,
        PYTHONUNBUFFERED: '1', // else Python keeps what it prints until it has a few thousand bytes
      },
      log_date_format: 'YYYY-MM-DD HH:mm:ss Z',

      // When it keeps dying: wait 100 ms, 150 ms, 225 ms … up to 15 s between the starts.
      exp_backoff_restart_delay: 100,
    },
  ],
};
