// `require`, and what it finds: files, the host's own modules, stand-ins for the rest of Node's.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const cache = Object.create(null);
  const builtins = new Map();
  const callable = new Set(['assert', 'assert/strict', 'events', 'stream']);
  const own = {
    path: () => host.part('path'),
    'path/posix': () => host.part('path'),
    fs: () => host.part('fs').fs,
    'fs/promises': () => host.part('fs').promises,
    os: () => host.part('os'),
    url: () => host.part('url'),
    util: () => host.part('util'),
    buffer: () => host.part('buffer'),
    dotenv: () => host.part('dotenv'),
    'dotenv/config': () => host.part('dotenv').configOnLoad(),
    process: () => globalThis.process,
    console: () => globalThis.console,
    module: () => host.part('module'),
  };

  function Module(id, parent) {
    this.id = id;
    this.path = host.part('path').dirname(id);
    this.exports = {};
    this.filename = id;
    this.loaded = false;
    this.children = [];
    this.parent = parent;
    this.paths = [];
  }
  Module.prototype.require = function (specifier) {
    return requireFrom(this.filename, this)(specifier);
  };

  function builtin(name) {
    if (!builtins.has(name)) {
      const kind = callable.has(name) ? 'function' : 'object';
      builtins.set(name, own[name]?.() ?? lacks.standIn(`the module \`${name}\``, kind));
    }
    return builtins.get(name);
  }

  function builtinOrNone(name) {
    const [kind, found] = native.builtin(String(name)) ? ['builtin', name] : [];
    return kind && builtin(found.replace(/^node:/, ''));
  }

  function load(kind, name, parent) {
    if (kind === 'builtin') return builtin(name);
    if (name in cache) return cache[name].exports;
    const [form, payload, namespace] = native.compile(name);
    if (form === 'module') return ready(name, payload, namespace);
    const module = new Module(name, parent);
    cache[name] = module;
    try {
      run(module, form, payload);
    } catch (error) {
      delete cache[name];
      throw error;
    }
    module.loaded = true;
    parent?.children?.push(module);
    return module.exports;
  }

  function run(module, form, payload) {
    if (form === 'json') {
      module.exports = parseJson(module.id, payload);
      return;
    }
    const require = requireFrom(module.filename, module);
    payload.call(module.exports, module.exports, require, module, module.filename, module.path);
  }

  function parseJson(name, text) {
    try {
      return JSON.parse(text);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }

  function ready(name, promise, namespace) {
    if (native.isPending(promise)) {
      throw Object.assign(new Error(
        `require() cannot be used on an ESM graph with top-level await: ${name}`,
      ), { code: 'ERR_REQUIRE_ASYNC_MODULE' });
    }
    return namespace;
  }

  /** What the file that was asked for exports; a promise when it is an ES module. */
  function entry(name) {
    const [form, payload, namespace] = native.compile(name);
    if (form === 'module') return payload.then(() => namespace);
    // The name of a text that is in no file is no path; it counts as one in the current folder.
    const module = new Module(host.part('path').resolve(name), new Module('.'));
    cache[name] = module;
    run(module, form, payload);
    module.loaded = true;
    return module.exports;
  }

  function requireFrom(filename, module) {
    const require = (specifier) => {
      const [kind, name] = find(specifier, filename);
      return load(kind, name, module);
    };
    require.resolve = (specifier, options) => {
      if (options?.paths) lacks.mark('require.resolve with paths');
      const [kind, name] = find(specifier, filename);
      return kind === 'builtin' ? specifier : name;
    };
    require.cache = cache;
    require.main = undefined;
    require.extensions = lacks.standIn('require.extensions', 'object');
    lacks.fill(require.resolve, 'require.resolve.', 'paths');
    return require;
  }

  function find(specifier, from) {
    if (typeof specifier !== 'string' || specifier === '') {
      throw Object.assign(new TypeError(
        'The "id" argument must be of type string and not be empty',
      ), { code: typeof specifier === 'string' ? 'ERR_INVALID_ARG_VALUE' : 'ERR_INVALID_ARG_TYPE' });
    }
    return host.ask('resolve', specifier, from, new Error().stack);
  }

  return { Module, cache, entry, load, requireFrom, builtinOrNone };
})
