// `util`: the little of it that shapes texts.
(function (host) {
  'use strict';
  const { lacks } = host;

  function format(...args) {
    const isPlain = args.every((value) => typeof value === 'string' || typeof value === 'number');
    if (!isPlain) lacks.mark('util.format of other values than texts and numbers');
    const rest = [...args];
    if (typeof rest[0] !== 'string') return rest.join(' ');
    const head = rest.shift().replace(/%([sd%])|%[ifjoOc]/g, (whole, kind) => {
      if (kind === undefined) lacks.mark(`util.format with ${whole}`);
      if (kind === '%') return args.length > 1 ? '%' : whole;
      if (rest.length === 0) return whole;
      const value = rest.shift();
      if (Object.is(value, -0)) return '-0';
      return String(kind === 'd' ? Number(value) : value);
    });
    return [head, ...rest].join(' ');
  }

  const util = {
    format,
    isArray: Array.isArray,
    inherits(child, parent) {
      Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
      Object.setPrototypeOf(child.prototype, parent.prototype);
    },
  };
  lacks.fill(util, 'util.', `
    _extend callbackify debug debuglog deprecate styleText formatWithOptions getSystemErrorMap
    getSystemErrorName inspect isBoolean isBuffer isDeepStrictEqual isNull isNullOrUndefined isNumber
    isString isSymbol isUndefined isRegExp isObject isDate isError isFunction isPrimitive log
    promisify stripVTControlCharacters toUSVString transferableAbortSignal
    transferableAbortController aborted parseEnv parseArgs TextDecoder TextEncoder MIMEType
    MIMEParams`);
  lacks.fill(util, 'util.', 'types', 'object');
  return util;
})
