// `console`. Every line goes to the caller, who writes it to stderr; how a value is shown there is
// for people and close to Node's way, no more.
(function (host) {
  'use strict';
  const { native } = host;
  let indent = '';

  function show(value, depth = 0, seen = []) {
    if (typeof value === 'string') return depth === 0 ? value : `'${value}'`;
    if (typeof value === 'function') return `[Function: ${value.name || '(anonymous)'}]`;
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value !== 'object' || value === null) return String(value);
    if (value instanceof Error) return `${value.name}: ${value.message}\n${value.stack}`.trimEnd();
    if (value instanceof Date) return value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (seen.includes(value)) return '[Circular]';
    if (depth > 3) return Array.isArray(value) ? '[Array]' : '[Object]';
    return showMembers(value, depth + 1, [...seen, value]);
  }

  function showMembers(value, depth, seen) {
    if (Array.isArray(value)) {
      const members = value.map((member) => show(member, depth, seen));
      return members.length === 0 ? '[]' : `[ ${members.join(', ')} ]`;
    }
    const members = Object.entries(value).map(([key, member]) =>
      `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`}: ${show(member, depth, seen)}`);
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }

  function format(args) {
    const rest = [...args];
    const head = [];
    if (typeof rest[0] === 'string' && rest.length > 1 && rest[0].includes('%')) {
      head.push(rest.shift().replace(/%([sdifjoOc%])/g, (whole, kind) => {
        if (kind === '%') return '%';
        return rest.length === 0 ? whole : formatOne(kind, rest.shift());
      }));
    }
    return [...head, ...rest.map((value) => show(value))].join(' ');
  }

  function formatOne(kind, value) {
    if (kind === 'c') return '';
    if (kind === 'd') return String(Number(value));
    if (kind === 'i') return String(Number.parseInt(value, 10));
    if (kind === 'f') return String(Number.parseFloat(value));
    if (kind === 'j') return host.stringify(value);
    return show(value, kind === 's' ? 0 : 1);
  }

  function log(...args) {
    for (const line of format(args).split('\n')) native.log(indent + line);
  }

  function group(...args) {
    if (args.length > 0) log(...args);
    indent += '  ';
  }

  function groupEnd() {
    indent = indent.slice(2);
  }

  function assert(condition, ...args) {
    if (!condition) log('Assertion failed', ...args);
  }

  const nothing = () => {};
  return {
    log, info: log, debug: log, warn: log, error: log, dir: (value) => log(value), dirxml: log,
    table: log, trace: (...args) => log('Trace:', ...args), assert, group, groupCollapsed: group,
    groupEnd, time: nothing, timeEnd: nothing, timeLog: nothing, count: nothing,
    countReset: nothing, clear: nothing, profile: nothing, profileEnd: nothing, timeStamp: nothing,
  };
})
