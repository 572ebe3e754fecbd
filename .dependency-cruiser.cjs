// The layers of docs/architecture.md: a package imports only from the rows above its own.
const layers = {
  linux: [],
  supervise: ["linux"],
  fuse: ["linux", "supervise"],
  zodb: ["linux", "supervise"],
  wcfs: ["linux", "supervise", "fuse", "zodb"],
  georep: ["linux", "supervise"],
  containers: ["linux", "supervise"],
};
const layer = ([name, allowed]) => ({
  name: `layer-${name}`,
  severity: "error",
  from: { path: `^packages/${name}/` },
  to: { path: "^packages/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
});
module.exports = {
  forbidden: [
    ...Object.entries(layers).map(layer),
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "only-linux-touches-ffi",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/linux/" },
      to: { path: "node_modules/koffi" },
    },
    {
      name: "through-the-front-door",
      comment: "another package is imported by its index, never by a file inside it",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/([^/]+)/src/", pathNot: ["^packages/$1/", "^packages/[^/]+/src/index\\.ts$"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
