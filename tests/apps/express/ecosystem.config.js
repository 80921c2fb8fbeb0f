module.exports = {
  apps: [{ name: 'webprometrics', script: 'server.js', env: { NODE_ENV: 'production', PORT: '@PORT@' } }],
};
