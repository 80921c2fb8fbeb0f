// FastAPI under uvicorn, from a virtual environment:
//   python3 -m venv venv && venv/bin/pip install fastapi uvicorn
//   wsctl start uvicorn.config.cjs
module.exports = {
  apps: [
    {
      name: 'fastapi',
      cwd: __dirname,
      script: 'venv/bin/uvicorn', // a script with a `#!` line that names its Python
      args: `app.main:app --host 127.0.0.1 --port ${process.env.PORT || 8001}`,
      interpreter: 'none',

      // What must not stand here, such as DATABASE_URL and SECRET_KEY, from a file beside this one:
      // env_file: '.env',
    },
  ],
};
