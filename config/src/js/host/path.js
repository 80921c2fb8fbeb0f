// `path`, for Linux.
(function (host) {
  'use strict';
  const { lacks } = host;

  function check(value, name = 'path') {
    if (typeof value !== 'string') {
      throw Object.assign(new TypeError(
        `The "${name}" argument must be of type string. Received ${value === null ? 'null' : typeof value}`,
      ), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  }

  /** The segments of a path without `.` and with `..` taken back where there is something to take. */
  function reduce(path, isRooted) {
    const kept = [];
    for (const segment of path.split('/')) {
      if (segment === '' || segment === '.') continue;
      if (segment !== '..') kept.push(segment);
      else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
      else if (!isRooted) kept.push('..');
    }
    return kept;
  }

  function isAbsolute(path) {
    check(path);
    return path.startsWith('/');
  }

  function normalize(path) {
    check(path);
    if (path === '') return '.';
    const isRooted = path.startsWith('/');
    const body = reduce(path, isRooted).join('/');
    const end = path.endsWith('/') && body !== '' ? '/' : '';
    if (isRooted) return `/${body}${end}`;
    return body === '' ? (path.endsWith('/') ? './' : '.') : body + end;
  }

  function join(...paths) {
    paths.forEach((path) => check(path));
    return normalize(paths.filter((path) => path !== '').join('/'));
  }

  function resolve(...paths) {
    let resolved = '';
    for (let at = paths.length - 1; at >= 0 && !resolved.startsWith('/'); at--) {
      check(paths[at], `paths[${at}]`);
      if (paths[at] !== '') resolved = resolved === '' ? paths[at] : `${paths[at]}/${resolved}`;
    }
    if (!resolved.startsWith('/')) resolved = `${globalThis.process.cwd()}/${resolved}`;
    return `/${reduce(resolved, true).join('/')}`;
  }

  function relative(from, to) {
    check(from, 'from');
    check(to, 'to');
    const source = reduce(resolve(from), true);
    const target = reduce(resolve(to), true);
    let shared = 0;
    while (shared < source.length && shared < target.length && source[shared] === target[shared]) {
      shared++;
    }
    return [...source.slice(shared).map(() => '..'), ...target.slice(shared)].join('/');
  }

  /** Where the last segment of a path starts and ends; slashes behind it are not part of it. */
  function lastSegment(path) {
    let end = path.length;
    while (end > 0 && path[end - 1] === '/') end--;
    return [path.lastIndexOf('/', end - 1) + 1, end];
  }

  function dirname(path) {
    check(path);
    if (path === '') return '.';
    const [start, end] = lastSegment(path);
    if (end === 0 || start === 1) return '/';
    if (start === 0) return '.';
    return start === 2 && path.startsWith('/') ? '//' : path.slice(0, start - 1);
  }

  function basename(path, suffix) {
    if (suffix !== undefined) check(suffix, 'suffix');
    check(path);
    const [start, end] = lastSegment(path);
    const name = end === 0 ? '' : path.slice(start, end);
    if (suffix === undefined || suffix === '' || suffix.length > path.length) return name;
    if (suffix === path) return '';
    // Node stops looking for the end of a name that the suffix swallows whole.
    if (suffix !== name && suffix.endsWith(name)) return path.slice(end === 0 ? 0 : start);
    if (!name.endsWith(suffix)) return name;
    return name === suffix ? name : name.slice(0, -suffix.length);
  }

  function extname(path) {
    check(path);
    const name = basename(path);
    const dot = name.lastIndexOf('.');
    return dot <= 0 || name === '..' ? '' : name.slice(dot);
  }

  function parse(path) {
    check(path);
    const root = path.startsWith('/') ? '/' : '';
    const base = basename(path);
    const [start, end] = lastSegment(path);
    // Right below the root, Node takes the second dot of `..` for an ending.
    const ext = base === '..' && start === 1 ? '.' : extname(path);
    const name = ext === '' ? base : base.slice(0, -ext.length);
    const dir = end === 0 || start === 0 ? root : start === 1 ? '/' : path.slice(0, start - 1);
    return { root, dir, base, ext, name };
  }

  function format(parts) {
    const { dir, root = '', name = '' } = parts;
    const ext = parts.ext ? (parts.ext.startsWith('.') ? parts.ext : `.${parts.ext}`) : '';
    const base = parts.base || `${name}${ext}`;
    const folder = dir || root;
    if (!folder) return base;
    return folder === root ? `${folder}${base}` : `${folder}/${base}`;
  }

  const path = {
    sep: '/', delimiter: ':', resolve, normalize, isAbsolute, join, relative,
    toNamespacedPath: (given) => given, dirname, basename, extname, format, parse,
  };
  path.posix = path;
  lacks.fill(path, 'path.', 'win32', 'object');
  lacks.fill(path, 'path.', 'matchesGlob');
  return path;
})
