// What is not here. To use it throws and leaves a mark with the natives, so that the evaluation
// counts for nothing even where the configuration catches the error.
(function (host) {
  'use strict';
  const { native } = host;
  /** What the target of each stand-in stands for. */
  const meanings = new Map();
  /** A handler that has every trap; each is given the target first. */
  const traps = new Proxy({}, { get: () => (target) => mark(meanings.get(target)) });

  function mark(what) {
    native.lack(what, new Error().stack);
    throw new Error(`${what} is not available here`);
  }

  /**
   * A value in place of one that is missing: it may be carried about, it may be asked for its
   * type, which is right, and any other use of it is the use of what is missing.
   */
  function standIn(what, kind = 'function') {
    const target = kind === 'function' ? function () {} : {};
    meanings.set(target, what);
    return new Proxy(target, traps);
  }

  /** Puts stand-ins on `object`, one for each name in a text. */
  function fill(object, prefix, names, kind = 'function') {
    for (const name of names.trim().split(/\s+/)) object[name] = standIn(`\`${prefix}${name}\``, kind);
  }

  /** Puts getters on `object` for names whose type is none that a stand-in can have. */
  function forbid(object, prefix, names) {
    for (const name of names.trim().split(/\s+/)) {
      Object.defineProperty(object, name, {
        configurable: true,
        enumerable: false,
        get: () => mark(`\`${prefix}${name}\``),
        set: () => mark(`\`${prefix}${name}\``),
      });
    }
  }

  return { mark, standIn, fill, forbid };
})
