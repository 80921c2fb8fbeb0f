// A Node API that says itself when it is ready.
module.exports = {
  apps: [
    {
      name: 'node-api',
      cwd: __dirname, // this folder, wherever `wsctl` is called
      script: 'server.js',
      env: {
        NODE_ENV: 'development',
        PORT: process.env.PORT || 8080,
      },
      // Used by `wsctl start ecosystem.config.cjs --env production`.
      env_production: {
        NODE_ENV: 'production',
      },

      // `wsctl start` answers when the app has said process.send('ready'), not before; an app that
      // does not say so in time has failed to start.
      wait_ready: true,
      listen_timeout: '10s',

      // On a stop: SIGINT, and SIGKILL for what is still there after this time.
      kill_timeout: '5s',

      // To run two of them, on PORT and PORT + 1:
      // instances: 2,
      // increment_var: 'PORT',
    },
  ],
};
