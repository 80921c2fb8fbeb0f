// The host of a configuration: what Node puts around a program, as far as configurations use it.
//
// Evaluates to a function of the natives, the functions that Rust gives. Each file beside this one
// evaluates to a function of `host` and is read when it is first used. `host` never reaches the
// configuration.
(function (native) {
  'use strict';
  const parts = new Map();
  const host = {
    native,
    stringify: JSON.stringify,
    /** The exports of one of the host's own files. */
    part(name) {
      if (!parts.has(name)) parts.set(name, native.part(name)(host));
      return parts.get(name);
    },
    /** Whether a value is an address; there is none before `url` was first used. */
    isUrl: (value) => parts.has('url') && value instanceof parts.get('url').URL,
    /** What a native answered, which is `[failure, value]`; throws the failure. */
    ask(name, ...args) {
      const [failure, value] = native[name](...args);
      if (failure === undefined) return value;
      const { message, ...details } = failure;
      throw Object.assign(new Error(message), details);
    },
  };
  host.lacks = host.part('lacks');
  host.part('globals');
  const modules = host.part('modules');
  const { settle, toJson } = host.part('settle');

  /** A promise of what the entry exports, as JSON. */
  async function start(kind, name, text) {
    const exported = kind === 'expression'
      ? native.expression(name, text, modules.requireFrom(name))
      : await modules.entry(name);
    return toJson(await settle(exported));
  }

  /** The names and texts of `process.env` as they are now. */
  function env() {
    return Object.entries(globalThis.process.env).map(([name, value]) => [name, String(value)]);
  }

  return { start, env, load: modules.load };
})
