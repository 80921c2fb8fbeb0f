// Evaluates a configuration in `node`, `bun` or `deno`. The job comes on standard input; what came
// of it goes to standard output between two lines that nothing else can write, because they hold a
// number that was made up for this run. What the configuration writes goes to standard error.
//
// `settle` and `toJson` stand before this text.
(async () => {
  'use strict';
  const [fs, { createRequire }, url, path, vm, { default: process }] = await Promise.all([
    import('node:fs'), import('node:module'), import('node:url'), import('node:path'),
    import('node:vm'), import('node:process'),
  ]);
  const job = JSON.parse(fs.readFileSync(0, 'utf8'));
  const stringify = JSON.stringify;
  const leave = process.exit.bind(process);

  function report(answer) {
    const text = `\n${job.mark}\n${stringify(answer)}\n${job.mark}\n`;
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(write(bytes));
    leave(0);
  }

  // The pipe does not block, so that a reader who is slower must be asked again.
  function write(bytes) {
    try {
      return fs.writeSync(1, bytes);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      return 0;
    }
  }

  function failure(error) {
    if (typeof error !== 'object' || error === null) return { message: `threw ${String(error)}`, stack: '' };
    // Bun has an error of its own for what it cannot read.
    const { message, position } = error.errors?.[0] ?? error;
    const name = position ? 'SyntaxError' : error.name;
    const stack = position ? `at ${position.file}:${position.line}:${position.column}` : error.stack;
    return { message: `${name}: ${String(message).split('\n')[0]}`, stack: String(stack) };
  }

  // Some runtimes read `.env` files unasked, and all may have added to the environment.
  for (const name of Object.keys(process.env)) if (!(name in job.env)) delete process.env[name];
  for (const [name, value] of Object.entries(job.env)) {
    if (process.env[name] !== value) process.env[name] = value;
  }
  process.argv = job.argv;
  process.exit = (code) => report({ exit: Number(code ?? process.exitCode ?? 0), stack: String(new Error().stack) });
  process.on('unhandledRejection', () => {});
  process.on('uncaughtException', (error) => report({ failure: failure(error) }));
  process.stdout.write = process.stderr.write.bind(process.stderr);
  for (const name of ['log', 'info', 'debug', 'dir', 'table', 'group', 'timeEnd', 'timeLog', 'count']) {
    console[name] = (...args) => console.error(...args);
  }

  const require = createRequire(job.file ?? path.join(process.cwd(), 'expression'));

  async function load() {
    if (job.program !== undefined) return loadProgram(job.program);
    if (job.file === undefined) {
      globalThis.require = require;
      return vm.runInThisContext(`(${job.text}\n)`, { filename: job.name });
    }
    const address = url.pathToFileURL(job.file).href;
    if (/\.(?:mjs|[mc]?tsx?)$/.test(job.file)) return import(address);
    try {
      return require(job.file);
    } catch (error) {
      const isModule = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error?.code)
        || (error instanceof SyntaxError && /outside a module|'import\.meta'|\bawait\b/.test(error.message))
        || (error instanceof TypeError && /require\(\) async module/.test(error.message));
      if (!isModule) throw error;
      return import(address);
    }
  }

  // A program in no file. As an ES module it can import packages of the runtime alone, because the
  // address that it is loaded from has no folder.
  async function loadProgram(text) {
    const names = ['exports', 'require', 'module', '__filename', '__dirname'];
    let run;
    try {
      run = vm.compileFunction(text, names, { filename: job.name });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return import(`data:text/javascript,${encodeURIComponent(text)}`);
    }
    const module = { exports: {}, filename: path.resolve(job.name), id: '.', loaded: false };
    run.call(module.exports, module.exports, require, module, module.filename, process.cwd());
    return module.exports;
  }

  try {
    const value = await settle(await load());
    // Whatever is queued already may still change the environment.
    await new Promise((done) => setImmediate(done));
    const json = toJson(value);
    report({ json, env: Object.fromEntries(Object.entries(process.env)) });
  } catch (error) {
    report({ failure: failure(error) });
  }
})();
