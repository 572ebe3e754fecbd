import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

const repository = join(import.meta.dirname, "../..");

/** This runtime. */
export const node = process.execPath;

/** A podman storage that goes with its scope, an image `bb` in it, and our command lines bundled as they are installed. */
export interface Storage extends Disposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Path of a bundled command line. */
  readonly tools: Readonly<Record<"docker-py" | "container", string>>;
  readonly podman: (...args: string[]) => string;
}

/** Makes it. Root and `podman runc busybox-static` are needed. */
export function makeStorage(): Storage {
  const folder = mkdtempSync(join(tmpdir(), "belay-bench-podman-"));
  const path = (name: string): string => join(folder, name);
  for (const name of ["run", "scratch", "base"]) mkdirSync(path(name));
  writeFileSync(
    path("containers.conf"),
    '[containers]\ndefault_ulimits=["nofile=20000:20000","nproc=32768:32768"]\nnetns="host"\n[engine]\nruntime="runc"\n',
  );
  writeFileSync(
    path("storage.conf"),
    `[storage]\ndriver="overlay"\ngraphroot="${path("graph")}"\nrunroot="${path("runroot")}"\n`,
  );
  const env = {
    ...process.env,
    CONTAINERS_CONF: path("containers.conf"),
    CONTAINERS_STORAGE_CONF: path("storage.conf"),
    BELAY_RUN_DIR: path("run"),
    TMPDIR: path("scratch"),
  };
  const podman = (...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync("podman", args, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  copyFileSync("/bin/busybox", path("base/busybox"));
  writeFileSync(path("base/Dockerfile"), "FROM scratch\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\n");
  podman("build", "-q", "-t", "bb", path("base"));
  return {
    folder,
    env,
    podman,
    tools: bundle(path("dist")),
    [Symbol.dispose]: () => {
      spawnSync("podman", ["rm", "-fa", "-t", "0"], { env });
      spawnSync("podman", ["rmi", "-fa"], { env });
      spawnSync("umount", ["-l", path("graph/overlay")]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function bundle(outdir: string): Storage["tools"] {
  const entry = (name: string): string => join(repository, `packages/containers/src/cli/${name}.main.ts`);
  buildSync({
    entryPoints: [entry("docker-py"), entry("container")],
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    external: ["koffi"],
    outdir,
    absWorkingDir: repository,
    logLevel: "error",
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
  });
  writeFileSync(join(outdir, "package.json"), '{"type":"module"}');
  spawnSync("ln", ["-s", join(repository, "node_modules"), join(outdir, "node_modules")]);
  return { "docker-py": join(outdir, "docker-py.main.js"), container: join(outdir, "container.main.js") };
}

/** Milliseconds a program takes; throws unless it succeeds. */
export function timed(argv: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): number {
  const [program = "", ...args] = argv;
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, { env, cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${argv.join(" ")}: status ${status ?? "none"}: ${stderr}`);
  return performance.now() - start;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
