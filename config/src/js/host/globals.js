// The names that Node has in every file.
(function (host) {
  'use strict';
  const { lacks } = host;

  function define(name, value) {
    Object.defineProperty(globalThis, name, {
      configurable: true, enumerable: false, writable: true, value,
    });
  }

  /** A name whose value is made when it is first asked for. */
  function later(name, make) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false,
      get() {
        define(name, make());
        return globalThis[name];
      },
      set: (value) => define(name, value),
    });
  }

  define('global', globalThis);
  define('process', host.part('process'));
  later('console', () => host.part('console'));
  later('Buffer', () => host.part('buffer').Buffer);
  later('URL', () => host.part('url').URL);
  later('URLSearchParams', () => host.part('url').URLSearchParams);
  host.part('locale');

  lacks.fill(globalThis, '', `
    setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate fetch
    structuredClone AbortController AbortSignal Event EventTarget TextEncoder TextDecoder
    TransformStream WritableStream ReadableStream CompressionStream DecompressionStream
    TextEncoderStream TextDecoderStream ByteLengthQueuingStrategy CountQueuingStrategy
    BroadcastChannel MessageChannel MessagePort MessageEvent Blob File FormData Headers Request
    Response Performance PerformanceObserver Crypto CryptoKey SubtleCrypto CustomEvent
    ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest
    ReadableByteStreamController ReadableStreamDefaultController TransformStreamDefaultController
    WritableStreamDefaultController WritableStreamDefaultWriter PerformanceEntry PerformanceMark
    PerformanceMeasure PerformanceObserverEntryList PerformanceResourceTiming`);
  lacks.fill(globalThis, '', 'Intl WebAssembly crypto', 'object');
})
