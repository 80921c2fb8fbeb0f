// `process`.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const machine = native.machine();

  const env = new Proxy(Object.fromEntries(native.env()), {
    set(target, name, value) {
      if (typeof name === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
      noticeZone(target, name, `${value}`);
      target[name] = `${value}`;
      return true;
    },
    defineProperty(target, name, descriptor) {
      const { configurable, writable, enumerable } = descriptor;
      if (!('value' in descriptor) || !(configurable && writable && enumerable)) {
        throw Object.assign(new TypeError(
          "'process.env' only accepts a configurable, writable, and enumerable data descriptor",
        ), { code: 'ERR_INVALID_OBJECT_DEFINE_PROPERTY' });
      }
      noticeZone(target, name, `${descriptor.value}`);
      return Reflect.defineProperty(target, name, { ...descriptor, value: `${descriptor.value}` });
    },
    deleteProperty(target, name) {
      noticeZone(target, name, undefined);
      return Reflect.deleteProperty(target, name);
    },
  });

  function noticeZone(target, name, value) {
    if (name === 'TZ' && target.TZ !== value) host.part('locale').zoneChanged();
  }

  function exit(code = process.exitCode) {
    native.exit(Number(code ?? 0), new Error().stack);
    throw new Error('process.exit was called');
  }

  /** The getter of an output; it is made when it is first used. */
  function stream(fd) {
    let made;
    return () => (made ??= output(fd));
  }

  function output(fd) {
    const self = { fd, write: (text) => { native.log(String(text).replace(/\n$/, '')); return true; } };
    lacks.fill(self, `process.std${fd === 1 ? 'out' : 'err'}.`, `
      on once end cork uncork emit pipe getWindowSize hasColors getColorDepth destroy`);
    return self;
  }

  // There are many, and a configuration hardly ever asks for one: each is made when it does.
  const missing = ` binding dlopen uptime getActiveResourcesInfo reallyExit loadEnvFile cpuUsage
    resourceUsage memoryUsage constrainedMemory availableMemory kill hrtime openStdin getgroups
    assert setUncaughtExceptionCaptureCallback hasUncaughtExceptionCaptureCallback nextTick
    setSourceMapsEnabled abort umask chdir initgroups setgroups setegid seteuid setgid setuid
    setMaxListeners getMaxListeners emit addListener on prependListener once prependOnceListener
    removeListener off removeAllListeners listeners rawListeners listenerCount eventNames `
    .replace(/\s+/g, ' ');
  const behind = {
    get(target, name, self) {
      if (typeof name !== 'string' || !missing.includes(` ${name} `)) return Reflect.get(target, name, self);
      const standIn = lacks.standIn(`\`process.${name}\``);
      Object.defineProperty(self, name, { value: standIn, configurable: true, writable: true });
      return standIn;
    },
    has: (target, name) => missing.includes(` ${String(name)} `) || name in target,
  };
  const process = Object.create(new Proxy(Object.create(Object.prototype, {
    [Symbol.toStringTag]: { value: 'process', configurable: true },
  }), behind));
  Object.assign(process, {
    title: 'node',
    version: machine.version,
    versions: { node: machine.version.slice(1), v8: '11.3.244.8-node.33', modules: '115' },
    arch: machine.arch,
    platform: 'linux',
    release: { name: 'node', lts: 'Iron' },
    argv: machine.argv,
    execArgv: [],
    env,
    pid: machine.pid,
    ppid: machine.ppid,
    execPath: machine.execPath,
    exitCode: undefined,
    argv0: 'node',
    cwd: () => machine.cwd,
    exit,
    getuid: () => machine.uid,
    geteuid: () => machine.uid,
    getgid: () => machine.gid,
    getegid: () => machine.gid,
    emitWarning: (warning) => native.log(`(node) ${warning}`),
    getBuiltinModule: (name) => host.part('modules').builtinOrNone(name),
  });
  for (const [fd, name] of [[1, 'stdout'], [2, 'stderr']]) {
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: stream(fd) });
  }
  lacks.fill(process, 'process.', 'stdin features config report allowedNodeEnvironmentFlags', 'object');
  lacks.forbid(process, 'process.', 'debugPort sourceMapsEnabled');
  return process;
})
