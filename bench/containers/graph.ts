/**
 * A folder of 20 Dockerfiles of which 4 are stale: `build --all` against building them one by one in the right order.
 *
 * [BELAY_DOCKER_PY=…/docker.py] node bench/containers/graph.ts [ROUNDS]
 */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStorage, median, node, timed } from "./storage.ts";

const rounds = Number(process.argv[2] ?? 3);
const python = process.env["BELAY_DOCKER_PY"] ?? "";
using storage = makeStorage();
const { folder, env, tools } = storage;
const graph = join(folder, "dockerfiles");
mkdirSync(graph);

// Four roots, each with four leaves; a step takes a second, as a package manager's would take longer.
const names = [0, 1, 2, 3].flatMap((root) => [`r${root}`, ...[0, 1, 2, 3].map((leaf) => `r${root}l${leaf}`)]);
const write = (name: string, version: number): void => {
  const from = name.length > 2 ? `qemu/${name.slice(0, 2)}` : "bb";
  writeFileSync(
    join(graph, `${name}.docker`),
    `FROM ${from}\nRUN ["/bin/busybox","sh","-c","sleep 1; echo ${name}${version} > /${name}"]\n`,
  );
};
for (const name of names) write(name, 0);
const all = [node, tools.container, "build", "--all", graph, "--quiet"];
const each = (tool: readonly string[]): number =>
  names.reduce(
    (sum, name) =>
      sum + timed([...tool, "build", "-t", `qemu/${name}`, "-f", join(graph, `${name}.docker`), "--quiet"], env),
    0,
  );
timed(all, env);

let version = 0;
const stale = (): void => {
  version += 1;
  for (const name of ["r0l0", "r1l1", "r2l2", "r3l3"]) write(name, version);
};
const measure = (name: string, run: () => number): void => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    stale();
    times.push(run());
  }
  console.log(`${name.padEnd(36)} median ${(median(times) / 1000).toFixed(1)} s`);
};
measure("belay container build --all", () => timed(all, env));
measure("docker-py, one by one", () => each([node, tools["docker-py"]]));
// The script looks for included Dockerfiles in a folder beside itself.
if (existsSync(python)) {
  copyFileSync(python, join(folder, "docker.py"));
  measure("docker.py, one by one", () => each(["python3", join(folder, "docker.py")]));
}
console.log(`nothing stale: ${timed(all, env).toFixed(0)} ms`);
