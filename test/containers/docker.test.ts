/** The drop-in and `belay container` with a real docker daemon: labels, runs, what killed ones leave, registries, records. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Docker, dockerMissing } from "./docker.ts";
import { ended, sleeps, uniqueNumber, until } from "./host.ts";
import { scriptPath } from "./recording.ts";

const missing = dockerMissing();
if (missing !== undefined) console.warn(`SKIPPED: a real docker daemon: ${missing}`);

describe.skipIf(missing !== undefined)("with a docker daemon", () => {
  let docker: Docker;
  let next = 0;
  let tag = "";
  beforeAll(async () => {
    docker = new Docker();
    await docker.ready();
    docker.makeBase();
  });
  afterAll(async () => await docker[Symbol.asyncDispose]());
  beforeEach(() => (tag = `x${++next}`));

  const labelsOf = (image: string): unknown => JSON.parse(docker.engine("inspect", "-f", "{{json .Config.Labels}}", image)); // prettier-ignore
  const touch = (name: string): string => `RUN ["/bin/busybox","touch","/${name}"]\n`;
  const running = (word: string): Promise<void> => until(`sleep ${word} runs`, () => sleeps(word));
  const runSleep = (word: string): string[] => ["run", "bb", "/bin/busybox", "sleep", word];

  test("it is found when podman does not work, and not without a daemon", () => {
    const bin = docker.path("bin");
    mkdirSync(bin);
    const client = spawnSync("sh", ["-c", "command -v docker"], { env: docker.env, encoding: "utf8" }).stdout.trim();
    symlinkSync(client, join(bin, "docker"));
    writeFileSync(join(bin, "sudo"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const [node = "", main = ""] = docker.argv("docker-py", []);
    const probe = (host: string | undefined): string => spawnSync(node, [main, "probe"], { env: { ...docker.env, PATH: bin, DOCKER_HOST: host }, encoding: "utf8" }).stdout; // prettier-ignore
    expect(probe(docker.env["DOCKER_HOST"])).toBe("docker\n");
    expect(probe(`unix://${docker.path("nobody.sock")}`)).toBe("no\n");
  });

  test("an image is built when its Dockerfile changes, and only then", () => {
    const file = docker.file(`${tag}.docker`, `FROM bb\n# a comment\n${touch("one")}`);
    const args = ["build", "-t", tag, "-f", file];
    expect(docker.run("docker-py", ...args)).toMatchObject({ status: 0, stdout: "" });
    expect(labelsOf(tag)).toEqual({
      "com.qemu.dockerfile-checksum": expect.stringMatching(/^[0-9a-f]{40}$/) as string,
    });
    const built = docker.engine("inspect", "-f", "{{.Id}}", tag);
    expect(docker.run("docker-py", ...args)).toMatchObject({ status: 0, stdout: "Image is up to date.\n" });
    expect(docker.run("docker-py", "check", tag, file)).toMatchObject({ status: 0, stdout: "Image is up to date\n" });
    docker.file(`${tag}.docker`, `FROM bb\n${touch("two")}`);
    expect(docker.run("docker-py", "check", tag, file)).toMatchObject({ status: 1, stdout: "Image needs updating\n" });
    expect(docker.run("docker-py", ...args)).toMatchObject({ status: 0 });
    expect(docker.engine("inspect", "-f", "{{.Id}}", tag)).not.toBe(built);
    expect(docker.run("container", "run", tag, "/bin/busybox", "ls", "/two")).toMatchObject({ status: 0 });
  });

  test.skipIf(scriptPath === undefined)("the script's images are current for us, and ours for the script", () => {
    const [python, script] = ["python3", docker.file("docker.py", readFileSync(scriptPath ?? ""))];
    const theirs = (...args: string[]) => spawnSync(python, [script, ...docker.options, ...args], { env: docker.env, cwd: docker.path("work"), encoding: "utf8" }); // prettier-ignore
    const extra = docker.file("extra", tag);
    const file = docker.file(`${tag}.docker`, `FROM bb\nADD extra /\n`);
    const args = (name: string): string[] => ["build", "-t", name, "-f", file, "--extra-files", extra];
    expect(theirs(...args(`${tag}theirs`)).status).toBe(0);
    expect(docker.run("docker-py", ...args(`${tag}theirs`)).stdout).toBe("Image is up to date.\n");
    expect(docker.run("container", ...args(`${tag}theirs`)).stdout).toBe("Image is up to date.\n");
    for (const tool of ["docker-py", "container"] as const) {
      expect(docker.run(tool, ...args(`${tag}${tool}`))).toMatchObject({ status: 0 });
      expect(theirs(...args(`${tag}${tool}`)).stdout).toBe("Image is up to date.\n");
      expect(theirs("check", `${tag}${tool}`, file).stdout).toBe("Image is up to date\n");
    }
  });

  test("explain names what changed", () => {
    const data = docker.file("data", "old");
    const file = docker.file(`${tag}.docker`, `FROM bb\nCOPY data /data\n`);
    const args = ["--extra-files", data];
    expect(docker.run("container", "build", "-t", tag, "-f", file, ...args)).toMatchObject({ status: 0 });
    expect(docker.run("container", "explain", tag, file, ...args)).toMatchObject({ status: 0, stdout: `${tag}: up to date\n` }); // prettier-ignore
    docker.file("data", "new");
    const { status, stdout } = docker.run("container", "explain", tag, file, ...args);
    expect(status).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${tag}: stale\n {2}file:\\S+ changed \\(`));
  });

  test("a run leaves with its command's status; update adds to an image that is there", () => {
    expect(docker.run("container", "run", "bb", "sh", "-c", "exit 7")).toMatchObject({ status: 7 });
    expect(docker.run("docker-py", "run", "bb", "sh", "-c", "exit 7")).toMatchObject({ status: 1 });
    docker.engine("tag", "bb", tag);
    expect(docker.run("docker-py", "update", tag, "-u")).toMatchObject({ status: 0 });
    expect(docker.run("docker-py", "run", "--run-as-current-user", tag, "sh", "-c", "id -u").stdout).toBe("0\n");
    expect(docker.leftovers(`no-such-word-${tag}`)).toEqual([]);
  });

  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("nothing is left after %s to a run, which leaves with %i", async ([signal, status]) => {
    const word = uniqueNumber();
    const tool = docker.start("docker-py", ...runSleep(word));
    await running(word);
    tool.kill(signal);
    expect(await ended(tool)).toBe(status);
    expect(docker.leftovers(word)).toEqual([]);
  });

  test("nothing is left of a step that fails, by the old builder either", () => {
    docker.env["GITLAB_CI"] = "1";
    try {
      const file = docker.file(`${tag}.docker`, 'FROM bb\nRUN ["/bin/busybox","false"]\n');
      expect(docker.run("container", "build", "-t", tag, "-f", file)).toMatchObject({ status: 1 });
      expect(docker.engine("ps", "-aq")).toBe("");
      const bare = docker.file("bare.docker", 'FROM bb\nRUN ["/bin/busybox","rm","/bin/sh"]\n');
      expect(docker.run("container", "build", "-t", "bare", "-f", bare)).toMatchObject({ status: 0 });
      expect(docker.run("container", "update", "bare", "-u")).toMatchObject({ status: 1 });
      expect(docker.engine("ps", "-aq")).toBe("");
      // As the script's, whose words are to be kept.
      expect(docker.run("docker-py", "build", "-t", tag, "-f", file)).toMatchObject({ status: 1 });
      expect(docker.engine("ps", "-aq")).not.toBe("");
    } finally {
      delete docker.env["GITLAB_CI"];
      for (const id of docker.engine("ps", "-aq").split("\n")) if (id !== "") docker.engine("rm", id);
    }
  });

  test("nothing is left of a run killed with its network once clean has run", async () => {
    const word = uniqueNumber();
    const networks = docker.engine("network", "ls", "-q");
    const tool = docker.start("container", "run", "--private-network", ...runSleep(word).slice(1));
    await running(word);
    tool.kill("SIGKILL");
    await ended(tool);
    expect(docker.run("container", "clean")).toMatchObject({ status: 0 });
    expect(docker.leftovers(word)).toEqual([]);
    expect(docker.engine("network", "ls", "-q")).toBe(networks);
  });

  test("nothing is left after SIGKILL of the engine's client, or of the process that started a run", async () => {
    const [first, second] = [uniqueNumber(), uniqueNumber()];
    const tool = docker.start("docker-py", ...runSleep(first));
    await running(first);
    spawnSync("pkill", ["-9", "-f", `^docker run .*sleep ${first}`]);
    expect(await ended(tool)).toBe(1);
    const [program = "", ...args] = docker.argv("docker-py", runSleep(second));
    const shell = spawn("/bin/sh", ["-c", '"$@"; true', "sh", program, ...args], { env: docker.env, stdio: "ignore" });
    await running(second);
    shell.kill("SIGKILL");
    await until("all is gone", () => docker.leftovers(second).length === 0);
    expect(docker.leftovers(first)).toEqual([]);
  });

  const slow = (word: string): string[] => ["build", "-t", `slow${word}`, "-f", docker.file(`${word}.docker`, `FROM bb\nRUN ["/bin/busybox","sleep","${word}"]\n`)]; // prettier-ignore

  test.for([
    ["BuildKit", {}],
    ["the old builder", { TRAVIS: "" }],
  ] as const)("nothing is left of builds that are ended: %s", async ([, env]) => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const word = uniqueNumber();
      const [program = "", ...args] = docker.argv("docker-py", slow(word));
      const tool = spawn(program, args, { env: { ...docker.env, ...env }, stdio: "ignore" });
      await running(word);
      tool.kill(signal);
      expect(await ended(tool)).toBe(signal === "SIGTERM" ? 143 : "SIGKILL");
      if (signal === "SIGKILL") expect(docker.run("container", "clean")).toMatchObject({ status: 0 });
      await until("all is gone", () => docker.leftovers(word).length === 0);
    }
  });

  test("clean touches neither what is alive nor what is somebody else's", async () => {
    const [own, foreign, detached] = [uniqueNumber(), uniqueNumber(), uniqueNumber()];
    docker.engine("run", "-d", "--name", "foreign", "bb", "/bin/busybox", "sleep", foreign);
    expect(docker.run("docker-py", "run", "-d", "bb", "/bin/busybox", "sleep", detached)).toMatchObject({ status: 0 });
    const tool = docker.start("container", ...runSleep(own));
    await Promise.all([own, foreign, detached].map(running));
    docker.run("container", "clean");
    expect([own, foreign, detached].map(sleeps)).toEqual([true, true, true]);
    expect(docker.run("docker-py", "clean").stdout).toBe("filter=--filter=label=com.qemu.instance.uuid\n");
    expect([own, foreign, detached].map(sleeps)).toEqual([false, true, false]);
    await ended(tool);
    docker.engine("rm", "-f", "foreign");
  });

  test("a folder is built in order of need, and of it only what is stale", () => {
    const folder = docker.path(`work/graph${tag}`);
    mkdirSync(folder);
    const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.docker`), text);
    write("top", `FROM ${tag}/left\nCOPY --from=${tag}/root /root /root2\n`);
    write("left", `FROM ${tag}/root\n${touch("left")}`);
    write("root", `FROM bb\n${touch("root")}`);
    const all = (): string[] => docker.run("container", "build", "--all", folder, "--prefix", `${tag}/`, "--json").stdout.trim().split("\n").map((line) => (JSON.parse(line) as { result: string }).result); // prettier-ignore
    expect(all()).toEqual(["built", "built", "built"]);
    expect(all()).toEqual(["current", "current", "current"]);
    write("left", `FROM ${tag}/root\n${touch("lefter")}`);
    expect(all()).toEqual(["current", "built", "built"]);
  });

  test("a registry gives layers, bases and whole images, and a run is repeated by digest", async () => {
    const host = "127.0.0.1:5000";
    const config = `version: 0.1\nstorage: {filesystem: {rootdirectory: ${docker.path("registry")}}}\nhttp: {addr: "${host}"}\n`;
    const [program = "", ...args] = docker.inNetwork("docker-registry", "serve", docker.file("registry.yml", config));
    const server = spawn(program, args, { stdio: "ignore" });
    const file = docker.file("rtop.docker", `FROM qemu/rbase\n${touch("rtop")}`);
    try {
      mkdirSync(docker.path("empty"));
      docker.engine("build", "-q", "-t", "qemu/rbase", "-f", docker.file("rbase.docker", `FROM bb\n${touch("r")}`), docker.path("empty")); // prettier-ignore
      docker.engine("tag", "qemu/rbase", `${host}/qemu/rbase`);
      await until("the registry takes an image", () => spawnSync("docker", ["push", `${host}/qemu/rbase`], { env: docker.env }).status === 0); // prettier-ignore
      expect(docker.run("docker-py", "build", "-t", "qemu/rtop", "-f", file, "-r", host)).toMatchObject({ status: 0 });
      docker.engine("tag", "qemu/rtop", `${host}/qemu/rtop`);
      docker.engine("push", `${host}/qemu/rtop`);
      docker.engine("rmi", "-f", "qemu/rtop", `${host}/qemu/rtop`);
      expect(docker.run("docker-py", "fetch", "qemu/rtop", host)).toMatchObject({ status: 0 });
      expect(docker.run("docker-py", "check", "qemu/rtop", file)).toMatchObject({ status: 0 });
      const first = docker.run("container", "run", "--json", `${host}/qemu/rtop`, "/bin/busybox", "ls", "/rtop");
      expect(JSON.parse(first.stdout)).toMatchObject({ imageDigest: expect.stringMatching(/^sha256:/) as string });
      docker.engine("rmi", "-f", "qemu/rtop", `${host}/qemu/rtop`);
      const again = docker.run("container", "repeat", docker.file("record", first.stdout));
      expect(again).toMatchObject({ status: 0, stdout: "/rtop\n" });
      expect(docker.run("container", "fetch", "qemu/none", host)).toMatchObject({ status: 1 });
    } finally {
      server.kill("SIGKILL");
      await ended(server);
    }
  });
});
