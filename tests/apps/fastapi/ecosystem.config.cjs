module.exports = {
  apps: [
    {
      name: 'fastapi',
      script: 'venv/bin/uvicorn',
      args: 'app.main:app --host 0.0.0.0 --port @PORT@',
      interpreter: '@INTERPRETER@',
      env: { SECRET_KEY: 'correct-horse-battery-staple' },
    },
  ],
};
