/**
 * Makes the executables in dist/bin: one file under several names, as busybox is.
 *
 * The sources become CommonJS bundles: one that is loaded at every start, one for each part that is loaded when it is needed, one for
 * each worker, which may load parts, too; the runtime that npm brought takes them in as a single executable
 * application with a code cache. koffi's native half goes in as an asset too, so that the one file is enough; it also lies beside the
 * executables, here and where they are installed, which saves each process the unpacking.
 */
import { build, type Plugin } from "esbuild";
import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

/** What the one executable answers to, first its own name. */
const names = ["belay", "wcfs", "docker-py", "gsyncd"];

const root = join(import.meta.dirname, "..");
const work = join(root, "build", "executable");
const dist = join(root, "dist");
const partLoader = readFileSync(join(root, "scripts/part-loader.cjs"), "utf8");

/**
 * Importing a module of ours does nothing by itself, so what is not used of a package's index need not be in the part that is
 * loaded at every start.
 */
const pureModules: Plugin = {
  name: "pure-modules",
  setup(context) {
    context.onResolve({ filter: /^(@belay\/|\.\.?\/)/ }, async (request) => {
      if (request.pluginData === pureModules) return undefined;
      const { kind, importer, resolveDir } = request;
      const found = await context.resolve(request.path, { kind, importer, resolveDir, pluginData: pureModules });
      return found.path.startsWith(join(root, "packages")) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** A script of its own: `X.part.ts`, imported lazily. */
interface Part {
  readonly source: string;
  /** Of a worker's: it uses the runtime's modules over and over. */
  readonly isOfWorker: boolean;
}

/** The parts found so far, by name. */
const parts = new Map<string, Part>();
let bundlesWorkers = false;

/** Has a part required by its name, from the assets (see part-loader.cjs). */
const separateParts: Plugin = {
  name: "separate-parts",
  setup(context) {
    context.onResolve({ filter: /\.part\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const name = basename(path, ".ts");
      parts.set(name, { source: join(resolveDir, path), isOfWorker: bundlesWorkers });
      return { path: `belay:${name}`, external: true };
    });
  },
};

async function bundle(source: string, target: string, prelude = ""): Promise<void> {
  await build({
    entryPoints: [source],
    outfile: target,
    bundle: true,
    platform: "node",
    target: "node26",
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [separateParts, pureModules],
    // koffi is loaded by its file name at run time.
    external: ["koffi"],
    // With a code cache there is no import() at run time: what is imported lazily is in the bundle, a part, or built in.
    supported: { "dynamic-import": false },
    // A place that does not exist, for `new URL("./x.worker.ts", import.meta.url)`: inside the executable only the name counts.
    define: {
      "import.meta.url": "belayBundleUrl",
      "import.meta.dirname": "belayBundleDirectory",
      "import.meta.filename": "belayBundleFile",
    },
    banner: {
      js: `const belayBundleDirectory="/belay",belayBundleFile="/belay/bundle.cjs",belayBundleUrl="file:///belay/bundle.cjs";${prelude}`,
    },
  });
}

const cheapBuiltins = ["node:fs", "node:os", "node:path", "node:util"];

/**
 * Has the runtime's own modules loaded when they are first used: together they take as long as the rest of the start, and most commands
 * need few of them.
 */
function withLazyBuiltins(text: string): string {
  const lazy = (id: string) => `new Proxy({},{get:(_,name)=>require(${JSON.stringify(id)})[name]})`;
  return text.replace(/\b(import_\w+)=require\("(node:[\w/]+)"\)/g, (found, name: string, id: string) =>
    cheapBuiltins.includes(id) ? found : `${name}=${lazy(id)}`,
  );
}

/** Bundles the parts, and whatever parts these import. Each comes with its compiled code. */
async function bundleParts(): Promise<Record<string, string>> {
  const assets: Record<string, string> = {};
  for (const [name, { source, isOfWorker }] of parts) {
    const file = join(work, `${name}.cjs`);
    await bundle(source, file);
    const text = readFileSync(file, "utf8");
    const { code, cachedData } = compilePart(isOfWorker ? text : withLazyBuiltins(text), name);
    writeFileSync(file, code);
    writeFileSync(`${file}.cache`, cachedData);
    assets[`${name}.cjs`] = file;
    assets[`${name}.cjs.cache`] = `${file}.cache`;
  }
  return assets;
}

// As part-loader.cjs compiles it: the cache fits only the same text. All functions are in it, not only those that run when a part is loaded: a process
// that lives for some tenths of a second would compile most of what it does.
function compilePart(text: string, name: string): { code: string; cachedData: Buffer } {
  const [code, filename] = [`(function(exports,require,module){${text}\n})`, `${name}.cjs`];
  setFlagsFromString("--no-lazy");
  const script = new Script(code, { filename });
  setFlagsFromString("--lazy"); // the cache also fits only the same flags
  const cachedData = script.createCachedData();
  if (new Script(code, { filename, cachedData }).cachedDataRejected === true)
    throw new Error(`${name}: its compiled code does not fit`);
  return { code, cachedData };
}

/** koffi's native half for this machine; koffi names its folders by the architecture and the C library. */
function nativeKoffi(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("koffi"));
  const folder = join(require.resolve(`@koromix/koffi-linux-${process.arch}/package.json`), "..");
  return join(folder, `linux_${process.arch}`, "koffi.node");
}

async function bundleWorkers(): Promise<Record<string, string>> {
  const assets: Record<string, string> = {};
  bundlesWorkers = true;
  for (const source of globSync("packages/*/src/**/*.worker.ts", { cwd: root, exclude: ["**/testing/**"] })) {
    const asset = `${basename(source, ".ts")}.cjs`;
    if (asset in assets) throw new Error(`two workers are named ${asset}: their names have to differ`);
    assets[asset] = join(work, asset);
    await bundle(join(root, source), assets[asset], partLoader);
  }
  bundlesWorkers = false;
  return assets;
}

async function main(): Promise<void> {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  mkdirSync(join(dist, "bin"), { recursive: true });

  const koffi = join(work, "koffi.node");
  copyFileSync(nativeKoffi(), koffi);
  const script = join(work, "belay.cjs");
  await bundle(join(root, "packages/belay/src/main/executable.ts"), script, partLoader);
  const assets = { "koffi.node": koffi, ...(await bundleWorkers()), ...(await bundleParts()) };

  const fresh = join(work, "belay");
  const config = join(work, "executable.json");
  writeFileSync(
    config,
    JSON.stringify({
      main: script,
      output: fresh,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      execArgvExtension: "none",
      assets,
    }),
  );
  execFileSync(process.execPath, ["--build-sea", config], { stdio: ["ignore", "ignore", "inherit"] });
  install([...names.map((name) => [name, fresh] as const), ["koffi.node", koffi]]);
  writeFileSync(join(dist, "names"), `${names.join(" ")}\n`);
  const megabytes = Math.round(statSync(fresh).size / 1e6);
  console.log(`built dist/bin/{${names.join(",")}}: ${megabytes} MB, ${Object.keys(assets).length} assets`);
}

// Through unlink: a program that runs from the old file keeps it.
function install(files: readonly (readonly [name: string, file: string])[]): void {
  for (const [name, file] of files) {
    const target = join(dist, "bin", name);
    rmSync(target, { force: true });
    linkSync(file, target);
  }
}

await main();
