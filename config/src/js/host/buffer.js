// `Buffer`, as far as it carries the bytes of a file to a text.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const names = {
    utf8: 'utf8', 'utf-8': 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url',
    latin1: 'latin1', binary: 'latin1', ascii: 'ascii',
  };

  function encoding(name = 'utf8') {
    const known = names[String(name).toLowerCase()];
    if (known === undefined) lacks.mark(`the encoding '${name}'`);
    return known;
  }

  class Buffer extends Uint8Array {
    static from(value, name) {
      if (typeof value === 'string') return wrap(native.encode(value, encoding(name)));
      if (Array.isArray(value) || value instanceof Uint8Array) return wrap(Uint8Array.from(value));
      return lacks.mark('Buffer.from of this value');
    }

    static alloc(size, filler) {
      if (filler !== undefined) lacks.mark('Buffer.alloc with a filler');
      return new Buffer(size);
    }

    static isBuffer(value) {
      return value instanceof Buffer;
    }

    static byteLength(value, name) {
      return typeof value === 'string' ? native.encode(value, encoding(name)).length : value.byteLength;
    }

    static concat(list) {
      return Buffer.from([].concat(...list.map((part) => [...part])));
    }

    static isEncoding(name) {
      return typeof name === 'string' && name.toLowerCase() in names;
    }

    toString(name, start = 0, end = this.length) {
      return native.decode(letters(this.subarray(start, end)), encoding(name));
    }

    toJSON() {
      return { type: 'Buffer', data: [...this] };
    }

    equals(other) {
      return this.length === other.length && this.every((byte, at) => byte === other[at]);
    }
  }

  /** A text with one letter for each byte. */
  function letters(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) {
      text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    return text;
  }

  function wrap(bytes) {
    return new Buffer(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  const methods = [];
  for (const size of ['8', '16LE', '16BE', '32LE', '32BE', 'LE', 'BE']) {
    for (const kind of ['readUInt', 'readUint', 'readInt', 'writeUInt', 'writeUint', 'writeInt']) {
      methods.push(kind + size);
    }
  }
  for (const size of ['64LE', '64BE']) {
    for (const kind of ['readBigUInt', 'readBigUint', 'readBigInt', 'writeBigUInt', 'writeBigUint',
      'writeBigInt']) methods.push(kind + size);
  }
  lacks.fill(Buffer.prototype, 'Buffer.prototype.', `${methods.join(' ')}
    readFloatLE readFloatBE readDoubleLE readDoubleBE writeFloatLE writeFloatBE writeDoubleLE
    writeDoubleBE asciiSlice base64Slice base64urlSlice latin1Slice hexSlice ucs2Slice utf8Slice
    asciiWrite base64Write base64urlWrite latin1Write hexWrite ucs2Write utf8Write copy inspect
    compare indexOf lastIndexOf includes fill write slice swap16 swap32 swap64 toLocaleString`);
  lacks.fill(Buffer, 'Buffer.', 'copyBytesFrom of allocUnsafe allocUnsafeSlow compare');

  const buffer = { Buffer, atob: globalThis.atob, btoa: globalThis.btoa, wrap, encoding, letters };
  for (const name of ['wrap', 'encoding', 'letters']) Object.defineProperty(buffer, name, { enumerable: false });
  lacks.fill(buffer, 'buffer.', 'SlowBuffer transcode isUtf8 isAscii Blob File resolveObjectURL');
  lacks.fill(buffer, 'buffer.', 'constants', 'object');
  lacks.forbid(buffer, 'buffer.', 'kMaxLength kStringMaxLength INSPECT_MAX_BYTES');
  return buffer;
})
