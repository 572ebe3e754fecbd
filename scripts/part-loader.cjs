/* Goes before the main bundle of the executable: parts are required as "belay:NAME" and lie among the assets, with their compiled code. */
{
  const requireBuiltin = require;
  const loaded = new Map();
  const loadPart = (name) => {
    const sea = requireBuiltin("node:sea");
    const { Script } = requireBuiltin("node:vm");
    const filename = `${name}.cjs`;
    const cachedData = new Uint8Array(sea.getRawAsset(`${filename}.cache`));
    const script = new Script(sea.getAsset(filename, "utf8"), { filename, cachedData });
    const module = { exports: {} };
    script.runInThisContext()(module.exports, require, module);
    return module.exports;
  };
  const requirePart = (name) => loaded.get(name) ?? loaded.set(name, loadPart(name)).get(name);
  require = (id) => (id.startsWith("belay:") ? requirePart(id.slice(6)) : requireBuiltin(id));
}
