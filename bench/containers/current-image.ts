/**
 * `build` of an image that is current, and `probe`: what make waits for most often. Against QEMU's docker.py, by turns, on the same podman.
 * Measured is what users run, the executable of `make build`; where that was not made, the bundled sources alone.
 *
 * BELAY_DOCKER_PY=…/docker.py node bench/containers/current-image.ts [ROUNDS]
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStorage, median, node, timed } from "./storage.ts";

const rounds = Number(process.argv[2] ?? 25);
const python = process.env["BELAY_DOCKER_PY"] ?? "";
const executables = join(import.meta.dirname, "../../dist/bin");
using storage = makeStorage();
const { folder, env, tools } = storage;
const file = join(folder, "one.docker");
writeFileSync(file, 'FROM bb\nRUN ["/bin/busybox","touch","/x"]\n');
const build = ["build", "-t", "one", "-f", file];
timed([node, tools.container, ...build, "--no-cache"], env);

/** Ways to start our command lines. */
const forms = {
  executable: { dockerPy: [join(executables, "docker-py")], container: [join(executables, "belay"), "container"] },
  bundle: { dockerPy: [node, tools["docker-py"]], container: [node, tools.container] },
};
const present = (["executable", "bundle"] as const).filter((form) => existsSync(forms[form].dockerPy.at(-1) ?? ""));
const own = present.flatMap((form) => [
  [`docker-py build, ${form}`, [...forms[form].dockerPy, ...build]],
  [`belay container build, ${form}`, [...forms[form].container, ...build]],
  [`docker-py probe, ${form}`, [...forms[form].dockerPy, "probe"]],
]) as [string, readonly string[]][];
const theirs = existsSync(python)
  ? { "docker.py build": ["python3", python, ...build], "docker.py probe": ["python3", python, "probe"] }
  : {};
const contenders: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(own),
  ...theirs,
  "podman version": ["podman", "version"],
  "podman inspect": ["podman", "inspect", "one"],
  "node, empty script": [node, "-e", "0"],
};

const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, argv] of Object.entries(contenders)) times.get(name)?.push(timed(argv, env));
}
for (const [name, values] of times) {
  const peer = times.get(name.includes("probe") ? "docker.py probe" : "docker.py build");
  const share = peer === undefined || peer === values ? "" : `, ${(median(values) / median(peer)).toFixed(2)} of docker.py's median, ${(Math.min(...values) / Math.min(...peer)).toFixed(2)} of its least`; // prettier-ignore
  const told = /docker-py|belay/.test(name) ? share : "";
  console.log(`${name.padEnd(34)} median ${median(values).toFixed(0)} ms, least ${Math.min(...values).toFixed(0)} ms${told}`); // prettier-ignore
}
if (Object.keys(theirs).length === 0) console.log("set BELAY_DOCKER_PY to compare");
