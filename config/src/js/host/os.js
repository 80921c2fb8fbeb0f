// `os`, read from /proc.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const { process } = globalThis;
  const read = (path) => host.ask('readText', path, 'utf8');
  const machine = native.machine();

  function cpus() {
    const models = fields(/^model name\s*:\s*(.*)$/gm);
    const speeds = fields(/^cpu MHz\s*:\s*(.*)$/gm);
    const lines = read('/proc/stat').matchAll(/^cpu\d+ (\d+) (\d+) (\d+) (\d+) \d+ (\d+)/gm);
    return Array.from(lines, ([, user, nice, sys, idle, irq], at) => ({
      model: models[at] ?? 'unknown',
      speed: Math.trunc(Number(speeds[at] ?? 0)),
      times: { user: user * 10, nice: nice * 10, sys: sys * 10, idle: idle * 10, irq: irq * 10 },
    }));
  }

  function fields(pattern) {
    return Array.from(read('/proc/cpuinfo').matchAll(pattern), (match) => match[1]);
  }

  function memory(name) {
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(read('/proc/meminfo'))[1]) * 1024;
  }

  function availableParallelism() {
    const mask = /^Cpus_allowed:\s*([0-9a-f,]+)$/m.exec(read('/proc/self/status'))[1];
    let bits = 0;
    for (const digit of mask.replaceAll(',', '')) {
      for (let rest = Number.parseInt(digit, 16); rest > 0; rest >>= 1) bits += rest & 1;
    }
    return Math.max(bits, 1);
  }

  function user() {
    for (const line of read('/etc/passwd').split('\n')) {
      const [username, , uid, , , homedir, shell] = line.split(':');
      if (Number(uid) === machine.uid && username !== '') return { username, homedir, shell };
    }
    return undefined;
  }

  function userInfo() {
    const found = user();
    if (found === undefined) lacks.mark('os.userInfo for a user who is not in /etc/passwd');
    const { username, homedir, shell } = found;
    return { uid: machine.uid, gid: machine.gid, username, homedir, shell };
  }

  function tmpdir() {
    const { TMPDIR, TMP, TEMP } = process.env;
    const path = TMPDIR || TMP || TEMP || '/tmp';
    return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  }

  const os = {
    arch: () => process.arch,
    availableParallelism,
    cpus,
    endianness: () => 'LE',
    freemem: () => memory('MemAvailable'),
    homedir: () => process.env.HOME ?? machine.home,
    hostname: () => read('/proc/sys/kernel/hostname').trim(),
    loadavg: () => read('/proc/loadavg').split(' ').slice(0, 3).map(Number),
    machine: () => machine.machine,
    platform: () => 'linux',
    release: () => read('/proc/sys/kernel/osrelease').trim(),
    tmpdir,
    totalmem: () => memory('MemTotal'),
    type: () => 'Linux',
    uptime: () => Number(read('/proc/uptime').split(' ')[0]),
    userInfo,
    version: () => read('/proc/sys/kernel/version').trim(),
    EOL: '\n',
    devNull: '/dev/null',
  };
  lacks.fill(os, 'os.', 'networkInterfaces getPriority setPriority');
  lacks.fill(os, 'os.', 'constants', 'object');
  return os;
})
