// `module`: the class of all modules, and `createRequire`.
(function (host) {
  'use strict';
  const { native, lacks } = host;
  const { Module, cache, requireFrom } = host.part('modules');

  function createRequire(from) {
    const isAddress = host.isUrl(from) || String(from).startsWith('file:');
    return requireFrom(isAddress ? host.part('url').fileURLToPath(from) : String(from), undefined);
  }

  Module.createRequire = createRequire;
  Module.isBuiltin = (name) => native.builtin(String(name));
  Module._cache = cache;
  Module.Module = Module;
  lacks.fill(Module, 'module.', `
    wrap _load _resolveFilename _findPath _nodeModulePaths _initPaths _preloadModules
    syncBuiltinESMExports runMain findSourceMap register SourceMap`);
  lacks.fill(Module, 'module.', '_extensions _pathCache globalPaths wrapper builtinModules', 'object');
  return Module;
})
