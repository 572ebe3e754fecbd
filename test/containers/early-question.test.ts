/** The question about an image that is put to an engine before it has told whether it works. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dockerfileChecksum } from "../../packages/containers/src/dockerfile/preprocess.ts";
import { ourTool } from "./recording.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "belay-test-early-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "x.docker"), "FROM scratch\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sum = dockerfileChecksum("FROM scratch\n", () => "");
const current = JSON.stringify([{ Id: "1", Config: { Labels: { "com.qemu.dockerfile-checksum": sum } } }]);

/** An engine of two answers, each a piece of shell. */
function engine(name: string, version: string, inspect: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> ${folder}/log\n[ ${name} = sudo ] && shift 2\ncase $1 in version) ${version} ;; inspect) ${inspect} ;; esac\n`); // prettier-ignore
  chmodSync(path, 0o755);
}

/** The same, but no script: a shell under the engine's name, which takes its first argument for a script in the folder. */
function nativeEngine(name: string, version: string, inspect: string): void {
  copyFileSync("/bin/sh", join(folder, "bin", name));
  for (const [word, action] of Object.entries({ version, inspect }))
    writeFileSync(join(folder, word), `echo "${name} ${word}\${1:+ $1}" >> ${folder}/log\n${action}\n`);
}

/** Ends well when the other question has been put, and badly when that does not happen in ten seconds. */
function untilAsked(): string {
  return `i=0; until [ -e ${folder}/asked ] || [ $i = 200 ]; do sleep 0.05; i=$((i+1)); done; test -e ${folder}/asked`;
}

function build(...options: string[]): { status: number | null; stdout: string; ms: number } {
  const [node = "", ...words] = ourTool;
  const start = performance.now();
  const env = { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder, TMPDIR: folder, BELAY_RUN_DIR: folder };
  const args = [...words, ...options, "build", "-t", "x", "-f", join(folder, "x.docker")];
  const { status, stdout } = spawnSync(node, args, { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
  return { status, stdout, ms: performance.now() - start };
}

const said = (): string[] => readFileSync(join(folder, "log"), "utf8").trim().split("\n");

test("the first engine is asked before it has answered, and is believed when it works", () => {
  nativeEngine("podman", untilAsked(), `touch ${folder}/asked; echo '${current}'`);
  expect(build()).toMatchObject({ status: 0, stdout: "Image is up to date.\n" });
  expect(said().sort()).toEqual(["podman inspect x", "podman version"]);
});

test("one that refuses is neither believed nor waited for", () => {
  nativeEngine("podman", `${untilAsked()}; exit 1`, `trap '' TERM; echo '${current}'; echo $$ > ${folder}/pid; touch ${folder}/asked; exec sleep 20`); // prettier-ignore
  engine("docker", "exit 0", "exit 1");
  const { status, stdout, ms } = build();
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  expect(said().at(-1)).toMatch(/^docker build -t x /);
  expect(said().filter((line) => line.startsWith("docker"))).toHaveLength(3);
  expect(ms).toBeLessThan(15_000);
  process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
});

test("a script in the place of an engine is asked one thing at a time", () => {
  engine("podman", `sleep 0.2; echo answered >> ${folder}/log`, `echo '${current}'`);
  expect(build()).toMatchObject({ status: 0, stdout: "Image is up to date.\n" });
  expect(said()).toEqual(["podman version", "answered", "podman inspect x"]);
});

test("nothing is asked twice, nor early through sudo", () => {
  engine("docker", "exit 1", "exit 1");
  // Had it been asked early, the two would be there in either order.
  engine("sudo", `sleep 0.2; echo answered >> ${folder}/log`, "exit 1");
  build("--engine", "docker");
  const words = said().slice(said().indexOf("sudo -n docker version"));
  expect(words.slice(0, 3)).toEqual(["sudo -n docker version", "answered", "sudo -n docker inspect x"]);
});
