// What `wsctl start` runs. `wsctl check` says what is wrong with it, `wsctl schema` what it can hold.
module.exports = {
  apps: [
    {
      // The name by which everything else calls it: `wsctl logs web`, `wsctl restart web`.
      name: 'web',

      // What runs, relative to `cwd`; by its ending: node for .js, bun for .ts, python for .py.
      script: 'server.js',
      // interpreter: 'bun',
      // args: '--verbose',
      // cwd: '/srv/web',

      // `env` is for every start, `env_production` is added by `wsctl start --env production`.
      env: { PORT: 3000 },
      env_production: { NODE_ENV: 'production' },

      // More than one run of it; each gets its number in NODE_APP_INSTANCE, and a PORT of its own.
      // instances: 2,
      // increment_var: 'PORT',

      // It is started again when it ends. Ten deaths within their first second make it give up.
      max_restarts: 10,
      min_uptime: '1s',
      restart_delay: '1s',

      // It is asked to end by SIGINT and has this long.
      kill_timeout: '5s',

      // `wsctl reload` starts its successor beside it, asks that for this, and lets it take over.
      // Where two at once would do harm (a scheduler inside, a single writer): handover: 'queue'.
      // reload_check: '/health',

      // Where its output goes, each line with a stamp.
      // out_file: 'logs/web-out.log',
      // error_file: 'logs/web-error.log',
      log_date_format: 'YYYY-MM-DD HH:mm:ss Z',
    },
  ],
};
