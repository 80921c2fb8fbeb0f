// A Bun API in TypeScript, as it stands on a server behind nginx.
module.exports = {
  apps: [
    {
      name: 'bun-api',
      cwd: __dirname, // on a server, the folder that the code is deployed to
      script: 'src/index.ts',

      // Looked up in the PATH of whoever types `wsctl start`; what was found is kept, so that it is
      // found again where PATH is another, as at boot.
      interpreter: 'bun',

      instances: 1,
      exec_mode: 'fork',
      env: {
        NODE_ENV: 'production',
        PORT: process.env.PORT || 3013,
      },

      // Where its output goes; by default into the folder `logs` of WSD_HOME.
      // out_file: '/var/log/bun-api/output.log',
      // error_file: '/var/log/bun-api/error.log',
      log_date_format: 'YYYY-MM-DD HH:mm:ss Z',

      // It is started again whenever it ends, five seconds later, for as long as that takes: a
      // database that is not up yet is waited for. Only deaths within the first second count
      // towards `max_restarts`, and with this delay they never come so fast.
      autorestart: true,
      max_restarts: 10,
      restart_delay: 5000,
    },
  ],
};
