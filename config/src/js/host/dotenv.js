// `dotenv`. Source: npm `dotenv` 16. The text itself is read by Rust, which needs it too.
(function (host) {
  'use strict';
  const { native, lacks } = host;

  function parse(text) {
    return Object.fromEntries(native.dotenv(String(text)));
  }

  function populate(target, parsed, options = {}) {
    for (const [name, value] of Object.entries(parsed)) {
      if (options.override || !Object.prototype.hasOwnProperty.call(target, name)) {
        target[name] = value;
      }
    }
  }

  function expandHome(path) {
    return path[0] === '~' ? host.part('path').join(host.part('os').homedir(), path.slice(1)) : path;
  }

  function pathsOf(options) {
    const { path } = options ?? {};
    if (!path) return [host.part('path').resolve(globalThis.process.cwd(), '.env')];
    if (host.isUrl(path)) return [host.part('url').fileURLToPath(path)];
    return (Array.isArray(path) ? path : [path]).map((one) => expandHome(one));
  }

  function encodingOf(options) {
    const { encoding = 'utf8' } = options ?? {};
    return encoding === 'utf8' ? encoding : host.part('buffer').encoding(encoding);
  }

  function config(options) {
    const { env } = globalThis.process;
    if (options?.DOTENV_KEY || env.DOTENV_KEY) lacks.mark('the encrypted files of dotenv');
    const parsed = {};
    let error;
    for (const path of pathsOf(options)) {
      try {
        const text = host.ask('readText', String(path), encodingOf(options));
        populate(parsed, parse(text), options);
      } catch (failure) {
        error = failure;
      }
    }
    populate(options?.processEnv ?? env, parsed, options);
    return error === undefined ? { parsed } : { parsed, error };
  }

  /** `dotenv/config`: options are taken from the environment and the arguments. */
  function configOnLoad() {
    const { env, argv } = globalThis.process;
    const options = {};
    for (const name of ['encoding', 'path', 'override', 'debug', 'DOTENV_KEY']) {
      const variable = name === 'DOTENV_KEY' ? undefined : env[`DOTENV_CONFIG_${name.toUpperCase()}`];
      if (variable != null) options[name] = variable;
      const argument = argv.map((text) => /^dotenv_config_(.+?)=(.+)/.exec(text))
        .findLast((match) => match?.[1] === name);
      if (argument) options[name] = argument[2];
    }
    config(options);
    return {};
  }

  const dotenv = { config, configDotenv: config, parse, populate };
  Object.defineProperty(dotenv, 'configOnLoad', { value: configOnLoad });
  lacks.fill(dotenv, 'dotenv.', 'decrypt _configVault _parseVault');
  return dotenv;
})
