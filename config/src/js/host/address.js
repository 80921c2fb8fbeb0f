// `url.parse`: an address in parts, as Node read it before there was `URL`. Everyday addresses; what
// it repaired (blanks, backslashes, hosts of other letters, a scheme without slashes) is not here.
(function (host) {
  'use strict';
  const { lacks } = host;
  /** Of these, an address without a path has the path `/`. */
  const SLASHED = new Set(['http:', 'https:', 'ftp:', 'gopher:', 'file:', 'ws:', 'wss:']);
  const PARTS = /^([a-z0-9.+-]+:)?([^?#]*)(\?[^#]*)?(#.*)?$/i;
  const AUTHORITY = /^(?:(.*)@)?([a-z0-9._-]*)(?::(\d+))?$/i;
  const shape = {};
  lacks.fill(shape, 'url.Url.prototype.', 'parse format resolve resolveObject parseHost');

  function odd(input) {
    return lacks.mark(`reading the address '${input}' with url.parse`);
  }

  /** The user, the host and its port, of what stands between the slashes and the path. */
  function authorityOf(text, protocol, input) {
    const match = AUTHORITY.exec(text) ?? odd(input);
    const [, auth, name, port = null] = match;
    if (name === '' && (protocol !== 'file:' || auth !== undefined || port !== null)) odd(input);
    const hostname = name.toLowerCase();
    return {
      auth: auth === undefined ? null : decodeURIComponent(auth),
      host: port === null ? hostname : `${hostname}:${port}`,
      port,
      hostname,
    };
  }

  function queryOf(search, isObject) {
    if (!isObject) return search === null ? null : search.slice(1);
    const query = Object.create(null);
    for (const [name, value] of new (host.part('url').URLSearchParams)(search ?? '')) {
      query[name] = name in query ? [query[name], value].flat() : value;
    }
    return query;
  }

  function parse(input, isQueryObject = false, isHostAfterSlashes = false) {
    if (typeof input !== 'string') {
      if (Object.prototype.isPrototypeOf.call(shape, input ?? 0)) return input;
      throw Object.assign(new TypeError(
        `The "url" argument must be of type string. Received ${input === null ? 'null' : typeof input}`,
      ), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const text = input.trim();
    if (/[\s\\{}|^`<>"']/.test(text)) odd(input);
    const [, scheme, rest, search = null, hash = null] = PARTS.exec(text);
    const protocol = scheme === undefined ? null : scheme.toLowerCase();
    const isBare = !rest.startsWith('//');
    // Without a scheme, two slashes may be the beginning of a path.
    const isUnclear = protocol === null ? !isBare && (isHostAfterSlashes || rest.includes('@')) : isBare;
    if (isUnclear) odd(input);
    const [, authority, path] = protocol === null ? [null, null, rest] : /^\/\/([^/]*)(.*)$/s.exec(rest);
    const found = authority === null
      ? { auth: null, host: null, port: null, hostname: null }
      : authorityOf(authority, protocol, input);
    const pathname = path || (SLASHED.has(protocol) ? '/' : null);
    const slashes = authority === null ? null : true;
    const user = found.auth === null || found.auth === ''
      ? '' : `${encodeURIComponent(found.auth).replaceAll('%3A', ':')}@`;
    const start = authority === null ? '' : `${protocol}//${user}${found.host}`;
    return Object.assign(Object.create(shape), {
      protocol,
      slashes,
      ...found,
      hash,
      search,
      query: queryOf(search, isQueryObject),
      pathname,
      path: pathname === null && search === null ? null : `${pathname ?? ''}${search ?? ''}`,
      href: `${start}${pathname ?? ''}${search ?? ''}${hash ?? ''}`,
    });
  }

  return { parse };
})
