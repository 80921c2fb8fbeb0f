module.exports = {
  apps: [
    {
      name: 'workscript-api',
      script: 'server/dist/index.js',
      interpreter: '@BUN@',
      instances: 2,
      exec_mode: 'cluster',
      increment_var: 'PORT',
      watch: false,
      max_memory_restart: '500M',
      env: { NODE_ENV: 'production', PORT: @PORT@ },
    },
  ],
};
