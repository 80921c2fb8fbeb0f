// `url`: addresses in their everyday form. What takes the full standard to read (other letters
// than ASCII in a host, IPv6, numbers written oddly, backslashes) is not here.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const PORTS = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
  const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*:)(\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;
  const AUTHORITY = /^(?:([^:@]*)(?::([^@]*))?@)?([^:@]*)(?::(\d*))?$/;

  function invalid(input) {
    return Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input });
  }

  function odd(input) {
    return lacks.mark(`reading the address '${input}'`);
  }

  /** The text with each character that `pattern` matches written as its bytes in hex. */
  function escape(text, pattern) {
    return text.replace(pattern, (found) => Array.from(native.encode(found, 'utf8'), (byte) =>
      `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''));
  }
  const inPath = (text) => escape(text, /[\x00-\x20"#<>?`{}\x7f]|[^\x00-\x7f]/gu);
  const inOpaque = (text) => escape(text, /[\x00-\x1f\x7f]|[^\x00-\x7f]/gu);
  const inQuery = (text) => escape(text, /[\x00-\x20"#<>\x7f]|[^\x00-\x7f]/gu);
  const inSpecialQuery = (text) => escape(text, /[\x00-\x20"#<>'\x7f]|[^\x00-\x7f]/gu);
  const inFragment = (text) => escape(text, /[\x00-\x20"<>`\x7f]|[^\x00-\x7f]/gu);
  const inUser = (text) => escape(text, /[\x00-\x20"#<>?`{}/:;=@[\]^|\x7f]|[^\x00-\x7f]/gu);

  function withoutDots(path) {
    const kept = [];
    const segments = path.split('/').slice(1);
    segments.forEach((segment, at) => {
      const plain = segment.replace(/%2e/gi, '.');
      const isLast = at === segments.length - 1;
      if (plain === '..') kept.pop();
      if (plain !== '..' && plain !== '.') kept.push(segment);
      else if (isLast) kept.push('');
    });
    return `/${kept.join('/')}`;
  }

  function checkHost(name, isSpecial, input) {
    if (name === '') return '';
    if (!/^[A-Za-z0-9._-]+$/.test(name)) odd(input);
    const last = name.split('.').findLast((label) => label !== '') ?? '';
    const isNumber = /^(?:\d+|0x[0-9a-f]*)$/i.test(last);
    const isPlainNumber = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/.test(name);
    if (isSpecial && ((isNumber && !isPlainNumber) || name.includes('xn--'))) {
      odd(input);
    }
    return isSpecial ? name.toLowerCase() : name;
  }

  function readAuthority(text, protocol, input) {
    const isSpecial = protocol in PORTS;
    const match = AUTHORITY.exec(text);
    if (match === null) odd(input);
    const [, username = '', password = '', name, port = ''] = match;
    const hostname = checkHost(name, isSpecial, input);
    if (hostname === '' && (isSpecial && protocol !== 'file:' || username || port)) throw invalid(input);
    if (protocol === 'file:' && (username || password || port)) throw invalid(input);
    if (Number(port) > 65535) throw invalid(input);
    return {
      username: inUser(username),
      password: inUser(password),
      hostname: protocol === 'file:' && hostname === 'localhost' ? '' : hostname,
      port: port === '' || Number(port) === Number(PORTS[protocol] || NaN) ? '' : String(Number(port)),
    };
  }

  function read(input) {
    const match = PARTS.exec(input);
    if (match === null) return undefined;
    const [, scheme, slashes, authority = '', rawPath, search = '', hash = ''] = match;
    const protocol = scheme.toLowerCase();
    const isSpecial = protocol in PORTS;
    if (isSpecial && protocol !== 'file:' && !authority) odd(input);
    if (protocol === 'file:' && slashes === undefined) odd(input);
    if (!isSpecial && /\/\.\.?(?:\/|$)/.test(rawPath)) odd(input);
    if (protocol === 'file:' && /^\/[A-Za-z][:|](?:\/|$)/.test(rawPath)) odd(input);
    const isOpaque = slashes === undefined && !rawPath.startsWith('/');
    if (isOpaque && rawPath.endsWith(' ')) odd(input);
    const parts = slashes === undefined
      ? { username: '', password: '', hostname: '', port: '', isBare: true }
      : readAuthority(authority, protocol, input);
    const path = isSpecial && rawPath === '' ? '/' : rawPath;
    parts.pathname = isOpaque ? inOpaque(path) : path === '' ? '' : withoutDots(inPath(path));
    if (parts.isBare && parts.pathname.startsWith('//')) odd(input);
    const query = search && `?${(isSpecial ? inSpecialQuery : inQuery)(search.slice(1))}`;
    const fragment = hash && `#${inFragment(hash.slice(1))}`;
    // A bare `?` or `#` stays in the address and is no search and no hash.
    parts.search = query === '?' ? '' : query;
    parts.hash = fragment === '#' ? '' : fragment;
    return { protocol, isOpaque, query, fragment, ...parts };
  }

  /** What a relative address means beside a base. */
  function against(input, base) {
    if (base.isOpaque && !input.startsWith('#')) throw invalid(input);
    const origin = `${base.protocol}${base.isBare ? '' : `//${authorityOf(base)}`}`;
    if (input.startsWith('//')) return read(base.protocol + input);
    if (input.startsWith('/')) return read(origin + input);
    if (input === '') return { ...base, query: base.search, hash: '', fragment: '' };
    if (input.startsWith('#')) return read(`${origin}${base.pathname}${base.search}${input}`);
    if (input.startsWith('?')) return read(`${origin}${base.pathname}${input}`);
    const folder = base.pathname.replace(/[^/]*$/, '') || (base.isBare ? '' : '/');
    return read(`${origin}${folder}${input}`);
  }

  function authorityOf(parts) {
    const password = parts.password && `:${parts.password}`;
    const user = parts.username || password ? `${parts.username}${password}@` : '';
    return `${user}${parts.hostname}${parts.port && `:${parts.port}`}`;
  }

  function parseAddress(input, base) {
    const text = input.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
    if (/[\t\n\r\\]/.test(text)) odd(input);
    const parts = read(text);
    if (parts !== undefined) return parts;
    if (base === undefined) throw invalid(input);
    return against(text, parseAddress(base, undefined));
  }

  let partOf;

  class URL {
    #parts;
    #query;

    constructor(input, base) {
      this.#parts = parseAddress(`${input}`, base === undefined ? undefined : `${base}`);
    }

    static canParse(input, base) {
      try {
        return Boolean(new URL(input, base));
      } catch {
        return false;
      }
    }

    get href() {
      const { protocol, isBare, pathname, query, fragment } = this.#parts;
      return `${protocol}${isBare ? '' : `//${authorityOf(this.#parts)}`}${pathname}${query}${fragment}`;
    }

    get origin() {
      const { protocol, hostname, port } = this.#parts;
      if (!(protocol in PORTS) || protocol === 'file:') return 'null';
      return `${protocol}//${hostname}${port && `:${port}`}`;
    }

    get host() {
      return `${this.#parts.hostname}${this.#parts.port && `:${this.#parts.port}`}`;
    }

    get searchParams() {
      this.#query ??= new URLSearchParams(this.#parts.search);
      return this.#query;
    }

    toString() {
      return this.href;
    }

    toJSON() {
      return this.href;
    }

    static {
      partOf = (url, name) => url.#parts[name];
    }
  }

  for (const name of ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash']) {
    Object.defineProperty(URL.prototype, name, {
      configurable: true,
      enumerable: true,
      get() { return partOf(this, name); },
      set: () => lacks.mark(`setting URL.${name}`),
    });
  }
  for (const name of ['href', 'host']) {
    Object.defineProperty(URL.prototype, name, { set: () => lacks.mark(`setting URL.${name}`) });
  }
  Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true });
  lacks.fill(URL, 'URL.', 'createObjectURL revokeObjectURL');

  function decodePlus(text) {
    const plain = text.replaceAll('+', ' ');
    if (!plain.includes('%')) return plain;
    try {
      return decodeURIComponent(plain);
    } catch {
      return lacks.mark('a query with odd escapes');
    }
  }

  function pairsOf(init) {
    if (typeof init === 'string') {
      return init.replace(/^\?/, '').split('&').filter((pair) => pair !== '').map((pair) => {
        const [name, ...value] = pair.split('=');
        return [decodePlus(name), decodePlus(value.join('='))];
      });
    }
    if (init === undefined || init === null) return [];
    const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
    return pairs.map(([name, value]) => [String(name), String(value)]);
  }

  function encodePlus(text) {
    return encodeURIComponent(text).replaceAll('%20', '+')
      .replace(/[!'()~]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
  }

  class URLSearchParams {
    #pairs;

    constructor(init) {
      this.#pairs = pairsOf(init);
    }

    get(name) {
      return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null;
    }

    getAll(name) {
      return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]);
    }

    has(name, value) {
      return this.#pairs.some((pair) =>
        pair[0] === String(name) && (value === undefined || pair[1] === String(value)));
    }

    get size() {
      return this.#pairs.length;
    }

    forEach(call, self) {
      for (const [name, value] of this.#pairs) call.call(self, value, name, this);
    }

    entries() {
      return this.#pairs.map((pair) => [...pair]).values();
    }

    keys() {
      return this.#pairs.map((pair) => pair[0]).values();
    }

    values() {
      return this.#pairs.map((pair) => pair[1]).values();
    }

    [Symbol.iterator]() {
      return this.entries();
    }

    toString() {
      return this.#pairs.map((pair) => pair.map(encodePlus).join('=')).join('&');
    }
  }
  lacks.fill(URLSearchParams.prototype, 'URLSearchParams.prototype.', 'append delete set sort');

  function fileURLToPath(given) {
    const url = typeof given === 'string' ? new URL(given) : given;
    if (url?.protocol !== 'file:') {
      throw Object.assign(new TypeError('The URL must be of scheme file'), { code: 'ERR_INVALID_URL_SCHEME' });
    }
    if (url.hostname !== '' || /%2f/i.test(url.pathname)) {
      throw Object.assign(new TypeError('File URL path is invalid'), { code: 'ERR_INVALID_FILE_URL_PATH' });
    }
    return decodeURIComponent(url.pathname);
  }

  function pathToFileURL(path) {
    const resolved = host.part('path').resolve(path);
    return new URL(native.fileUrl(path.endsWith('/') && resolved !== '/' ? `${resolved}/` : resolved));
  }

  const { parse } = host.part('address');
  const url = { URL, URLSearchParams, fileURLToPath, pathToFileURL, parse };
  lacks.fill(url, 'url.', `
    Url resolve resolveObject format domainToASCII domainToUnicode urlToHttpOptions`);
  return url;
})
