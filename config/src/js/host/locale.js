// What depends on languages, on the names of time zones or on how leniently a date is read, and
// would be answered differently by this engine than by Node.
(function (host) {
  'use strict';
  const { lacks } = host;
  const NativeDate = Date;
  const ISO = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/;
  let zoneIsKnown = true;

  lacks.fill(Number.prototype, 'Number.prototype.', 'toLocaleString');
  lacks.fill(BigInt.prototype, 'BigInt.prototype.', 'toLocaleString');
  lacks.fill(String.prototype, 'String.prototype.', 'localeCompare');
  lacks.fill(NativeDate.prototype, 'Date.prototype.', `
    toLocaleString toLocaleDateString toLocaleTimeString toString toTimeString`);
  plainCase('toLocaleLowerCase', String.prototype.toLowerCase);
  plainCase('toLocaleUpperCase', String.prototype.toUpperCase);

  // Without a language named, upper and lower case are the same for all but three languages.
  function plainCase(name, change) {
    String.prototype[name] = function (...languages) {
      return languages.length > 0 ? lacks.mark(`${name} for a language`) : change.call(this);
    };
  }

  function checkText(text) {
    const match = ISO.exec(text);
    if (match === null) lacks.mark(`reading the date '${text}'`);
    if (!zoneIsKnown && text.includes('T') && match[1] === undefined) lostZone();
  }

  function checkArguments(args) {
    if (args.length === 1 && typeof args[0] === 'string') checkText(args[0]);
    if (args.length > 1 && !zoneIsKnown) lostZone();
  }

  function lostZone() {
    lacks.mark('local time after a change of `process.env.TZ`');
  }

  const DateOfNode = new Proxy(NativeDate, {
    apply: () => lacks.mark('Date() as a function'),
    construct(target, args, newTarget) {
      checkArguments(args);
      return Reflect.construct(target, args, newTarget === DateOfNode ? target : newTarget);
    },
  });
  const parse = NativeDate.parse;
  NativeDate.parse = (text) => {
    checkText(String(text));
    return parse(text);
  };
  NativeDate.prototype.constructor = DateOfNode;
  Object.defineProperty(globalThis, 'Date', {
    configurable: true, enumerable: false, writable: true, value: DateOfNode,
  });

  // A stand-in that takes the place of a method is as hidden from lists as that was.
  /** Node reads `TZ` again when a program sets it; the clock of this process does not. */
  function zoneChanged() {
    zoneIsKnown = false;
    lacks.fill(NativeDate.prototype, 'Date.prototype.', `
      getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds
      getTimezoneOffset getYear setDate setFullYear setHours setMilliseconds setMinutes setMonth
      setSeconds setYear toDateString`);
  }

  return { zoneChanged };
})
