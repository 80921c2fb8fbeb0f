// `fs` and `fs/promises`: what reads. What writes is not here: an evaluation may be thrown away
// and done again elsewhere, so it must leave no trace.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const TYPE_MASK = 0o170000;
  const TYPES = {
    File: 0o100000, Directory: 0o040000, SymbolicLink: 0o120000, FIFO: 0o010000, Socket: 0o140000,
    CharacterDevice: 0o020000, BlockDevice: 0o060000,
  };

  function toPath(value) {
    if (typeof value === 'string') {
      if (!value.includes('\0')) return value;
      throw Object.assign(new TypeError(
        "The argument 'path' must be a string, Uint8Array, or URL without null bytes",
      ), { code: 'ERR_INVALID_ARG_VALUE' });
    }
    if (value instanceof Uint8Array) {
      return native.decode(host.part('buffer').letters(value), 'utf8');
    }
    if (host.isUrl(value)) return host.part('url').fileURLToPath(value);
    if (typeof value === 'number') lacks.mark('reading a file descriptor');
    throw Object.assign(new TypeError(
      'The "path" argument must be of type string or an instance of Buffer or URL.',
    ), { code: 'ERR_INVALID_ARG_TYPE' });
  }

  function optionsOf(options) {
    return typeof options === 'string' ? { encoding: options } : options ?? {};
  }

  function readFileSync(path, given) {
    const options = optionsOf(given);
    if (options.flag !== undefined && options.flag !== 'r') lacks.mark('reading with a flag');
    const { encoding } = options;
    if (encoding === undefined || encoding === null || encoding === 'buffer') {
      return host.part('buffer').wrap(host.ask('read', toPath(path)));
    }
    return host.ask('readText', toPath(path), host.part('buffer').encoding(encoding));
  }

  function existsSync(path) {
    try {
      host.ask('stat', toPath(path), true, 'access');
      return true;
    } catch {
      return false;
    }
  }

  class Stats {
    constructor(numbers) {
      Object.assign(this, numbers);
      for (const kind of ['atime', 'mtime', 'ctime', 'birthtime']) {
        this[kind] = new Date(numbers[`${kind}Ms`]);
      }
    }
  }

  class Dirent {
    constructor(name, path, mode) {
      this.name = name;
      this.parentPath = path;
      this.path = path;
      Object.defineProperty(this, 'mode', { value: mode, enumerable: false });
    }
  }

  for (const [kind, bits] of Object.entries(TYPES)) {
    for (const { prototype } of [Stats, Dirent]) {
      Object.defineProperty(prototype, `is${kind}`, {
        value() { return (this.mode & TYPE_MASK) === bits; },
      });
    }
  }

  function statBy(isFollowed, syscall) {
    return (path, options = {}) => {
      if (options?.bigint) lacks.mark('stat with bigint');
      try {
        return new Stats(host.ask('stat', toPath(path), isFollowed, syscall));
      } catch (error) {
        const isAbsent = error.code === 'ENOENT' || error.code === 'ENOTDIR';
        if (isAbsent && options?.throwIfNoEntry === false) return undefined;
        throw error;
      }
    };
  }

  function readdirSync(path, given) {
    const options = optionsOf(given);
    if (options.encoding && options.encoding !== 'utf8') lacks.mark('readdir with an encoding');
    const root = toPath(path);
    return list(root, '', options);
  }

  function list(root, below, options) {
    const { join } = host.part('path');
    const folder = below === '' ? root : join(root, below);
    const entries = [];
    const folders = [];
    for (const [name, mode] of host.ask('list', folder)) {
      const inside = below === '' ? name : `${below}/${name}`;
      entries.push(options.withFileTypes ? new Dirent(name, folder, mode) : inside);
      if ((mode & TYPE_MASK) === TYPES.Directory) folders.push(inside);
    }
    // Node lists breadth first: a folder's own entries before those of the folders in it.
    if (options.recursive && folders.length > 0) lacks.mark('readdir of nested folders');
    return entries;
  }

  const realpathSync = (path) => host.ask('realpath', toPath(path));
  realpathSync.native = realpathSync;
  const readlinkSync = (path) => host.ask('readlink', toPath(path));
  const accessSync = (path, mode = 0) => {
    if ((mode & 3) !== 0) lacks.mark('fs.access for writing or executing');
    host.ask('access', toPath(path), mode);
  };

  const sync = {
    readFile: readFileSync, readdir: readdirSync, stat: statBy(true, 'stat'),
    lstat: statBy(false, 'lstat'), realpath: realpathSync, readlink: readlinkSync, access: accessSync,
  };
  const promises = {};
  const fs = { existsSync, Stats, Dirent, F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
  for (const [name, call] of Object.entries(sync)) {
    fs[`${name}Sync`] = call;
    promises[name] = async (...args) => call(...args);
  }
  fs.constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
  promises.constants = fs.constants;
  fs.promises = promises;

  lacks.fill(fs, 'fs.', `
    appendFile appendFileSync access chown chownSync chmod chmodSync close closeSync copyFile
    copyFileSync cp cpSync createReadStream createWriteStream exists fchown fchownSync fchmod
    fchmodSync fdatasync fdatasyncSync fstat fstatSync fsync fsyncSync ftruncate ftruncateSync
    futimes futimesSync lchown lchownSync link linkSync lstat lutimes lutimesSync mkdir mkdirSync
    mkdtemp mkdtempSync open openSync openAsBlob readdir read readSync readv readvSync readFile
    readlink realpath rename renameSync rm rmSync rmdir rmdirSync stat statfs statfsSync symlink
    symlinkSync truncate truncateSync unwatchFile unlink unlinkSync utimes utimesSync watch
    watchFile writeFile writeFileSync write writeSync writev writevSync ReadStream WriteStream
    FileReadStream FileWriteStream Dir opendir opendirSync`);
  lacks.fill(promises, 'fs.promises.', `
    copyFile cp open opendir rename truncate rm rmdir mkdir symlink statfs link unlink chmod lchmod
    lchown chown utimes lutimes mkdtemp writeFile appendFile watch`);
  return { fs, promises };
})
