/** Command lines of `belay container` that are wrong: told in a line, with status 2, before any engine is asked. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");
const node = join(repository, "node_modules/.bin/node");

/** Without any engine on the path: a command line that is asked for one does not leave with 2. */
function container(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const main = join(repository, "packages/containers/src/cli/container.main.ts");
  return spawnSync(node, [main, ...args], { env: { PATH: "/nowhere", COLUMNS: "120" }, encoding: "utf8" });
}

test.for([
  ["clean", "--dryrun"],
  ["clean", "everything"],
  ["probe", "now"],
  ["check", "x", "y", "z"],
  ["repeat", "record", "--twice"],
  ["fetch", "x", "registry", "more"],
  ["update", "x", "-e"],
])("%s %s: words that nobody knows are not passed over", (args) => {
  const { status, stdout, stderr } = container(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(`belay container ${args[0]}: error: unrecognized arguments: ${args.at(-1)}`);
});

test("a folder takes neither tag nor Dockerfile, and wants somebody to work", () => {
  expect(container("build", "--all", ".", "-t", "x")).toMatchObject({ status: 2, stdout: "" });
  expect(container("build", "--all", ".", "-f", "x").stderr).toContain(
    "--all builds a folder, and takes no --dockerfile",
  );
  expect(container("build", "--all", ".", "-j", "0").stderr).toContain("--jobs 0: at least one has to work");
});

test("what is missing is named", () => {
  expect(container("build", "-t", "x")).toMatchObject({ status: 2, stderr: expect.stringContaining("the Dockerfile (-f) is missing") as string }); // prettier-ignore
  expect(container("run")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("the image is missing") as string,
  });
  expect(container("repeat", "none")).toMatchObject({
    status: 1,
    stderr: "belay container: the record none is not there\n",
  });
  expect(container("repeat", "/").stderr).toBe("belay container: the record / is a folder\n");
});

test("usage lines show how a command is called", () => {
  expect(container("run", "--help").stdout).toMatch(
    /^usage: belay container run \[-h\][^]*\[ENGINE OPTIONS \.\.\.\] IMAGE \[COMMAND \.\.\.\]\n/,
  );
  expect(container("clean", "--help").stdout).toMatch(/^usage: belay container clean \[-h\]/);
});
