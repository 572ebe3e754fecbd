/**
 * `build` of an image that is current, and `probe`: what make waits for most often. Against QEMU's docker.py, by turns, on the same podman.
 *
 * BELAY_DOCKER_PY=…/docker.py node bench/containers/current-image.ts [ROUNDS]
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStorage, median, node, timed } from "./storage.ts";

const rounds = Number(process.argv[2] ?? 25);
const python = process.env["BELAY_DOCKER_PY"] ?? "";
using storage = makeStorage();
const { folder, env, tools } = storage;
const file = join(folder, "one.docker");
writeFileSync(file, 'FROM bb\nRUN ["/bin/busybox","touch","/x"]\n');
const ours = (tool: "docker-py" | "container", ...args: string[]): string[] => [node, tools[tool], ...args];
const build = ["build", "-t", "one", "-f", file];
timed(ours("container", ...build, "--no-cache"), env);

const executable = (name: string): string => join(import.meta.dirname, "../../dist/bin", name);
const contenders: Readonly<Record<string, readonly string[]>> = {
  "docker-py build, current": ours("docker-py", ...build),
  "belay container build, current": ours("container", ...build),
  "docker-py probe": ours("docker-py", "probe"),
  "executable docker-py build, current": [executable("docker-py"), ...build],
  "executable belay container build, current": [executable("belay"), "container", ...build],
  "executable docker-py probe": [executable("docker-py"), "probe"],
  "executable docker-py --help": [executable("docker-py"), "--help"],
  ...(existsSync(python)
    ? { "docker.py build, current": ["python3", python, ...build], "docker.py probe": ["python3", python, "probe"] }
    : {}),
  "podman version": ["podman", "version"],
  "podman inspect": ["podman", "inspect", "one"],
  "node, empty script": [node, "-e", "0"],
};
const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, argv] of Object.entries(contenders)) times.get(name)?.push(timed(argv, env));
}
for (const [name, values] of times) {
  console.log(`${name.padEnd(32)} median ${median(values).toFixed(0)} ms, least ${Math.min(...values).toFixed(0)} ms`);
}
for (const what of ["build, current", "probe"]) {
  const [own, theirs] = [times.get(`docker-py ${what}`) ?? [], times.get(`docker.py ${what}`)];
  if (theirs === undefined) console.log(`${what}: set BELAY_DOCKER_PY to compare`);
  else {
    const least = Math.min(...own) / Math.min(...theirs);
    console.log(
      `${what}: ${(median(own) / median(theirs)).toFixed(2)} of docker.py's median, ${least.toFixed(2)} of its least`,
    );
  }
}
