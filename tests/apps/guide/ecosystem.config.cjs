// The process file of the deployment guide; the words between @ are put in by the test.
module.exports = {
  apps: [
    {
      name: 'workscript-api',
      cwd: '@CWD@', // an absolute folder, two levels below this file
      script: 'src/index.ts',
      interpreter: 'bun',
      instances: 1,
      exec_mode: 'fork',
      env: {
        NODE_ENV: 'production',
        PORT: @PORT@,
      },
      error_file: '@LOGS@/error.log',
      out_file: '@LOGS@/output.log',
      log_date_format: 'YYYY-MM-DD HH:mm:ss Z',
      max_restarts: 10,
      restart_delay: 5000,
      autorestart: true,
      watch: false,
      max_memory_restart: '500M',
    },
  ],
};
