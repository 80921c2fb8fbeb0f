// What an export comes to. A promise is awaited, a function is called without an argument, the
// default export of a module stands for the module. And that as JSON. Also runs in `node`, `bun`
// and `deno`.
(function () {
  'use strict';
  const { stringify } = JSON;

  async function settle(exported) {
    let value = await exported;
    for (let turn = 0; turn < 8; turn++) {
      if (typeof value === 'function') value = await value();
      else if (isModule(value)) value = await stands(value);
      else return value;
    }
    return value;
  }

  function isModule(value) {
    if (typeof value !== 'object' || value === null) return false;
    return value.__esModule === true || isNamespace(value);
  }

  function isNamespace(value) {
    return value[Symbol.toStringTag] === 'Module';
  }

  function stands(module) {
    if ('default' in module) return module.default;
    const { __esModule, ...named } = module;
    return named;
  }

  // Half of a surrogate pair has no place in JSON that leaves JavaScript.
  function toJson(value) {
    const json = stringify(value);
    if (json === undefined) return 'null';
    return json.includes('\\ud') ? json.replace(/\\(?:ud[89a-f]..|.)/g, whole) : json;
  }

  function whole(escape) {
    return escape.length > 2 ? '\\ufffd' : escape;
  }

  return { settle, toJson };
})
