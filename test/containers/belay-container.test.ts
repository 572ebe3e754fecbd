/** Rebuild keys, graphs, records, registries: `belay container` with a real podman. */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../georep/loopback.ts";
import { until } from "./host.ts";
import { Podman, podmanMissing } from "./podman.ts";

const missing = podmanMissing();
if (missing !== undefined) console.warn(`SKIPPED: belay container with a real podman: ${missing}`);
const registryMissing = spawnSync("docker-registry", ["--version"]).status !== 0;
if (registryMissing) console.warn("SKIPPED: registries: needs docker-registry: apt-get install docker-registry");

interface Explained {
  readonly current: boolean;
  readonly by: string;
  readonly differences: readonly { readonly part: string; readonly change: string }[];
}

describe.skipIf(missing !== undefined)("belay container", () => {
  let podman: Podman;
  let next = 0;
  let tag = "";
  beforeAll(() => {
    podman = new Podman();
    podman.makeBase();
  });
  afterAll(() => podman[Symbol.dispose]());
  beforeEach(() => (tag = `x${++next}`));

  const touch = (name: string): string => `RUN ["/bin/busybox","touch","/${name}"]\n`;
  const build = (...args: string[]): string => {
    const { status, stdout, stderr } = podman.run("container", "build", "--json", ...args);
    expect(stderr).toBeDefined();
    expect(status).toBe(0);
    return (JSON.parse(stdout) as { result: string }).result;
  };
  const explain = (file: string, ...args: string[]): Explained => JSON.parse(podman.run("container", "explain", "--json", tag, file, ...args).stdout) as Explained; // prettier-ignore
  const changes = (file: string, ...args: string[]): string[] => explain(file, ...args).differences.map(({ part, change }) => `${part} ${change}`); // prettier-ignore

  test("explain names what changed: Dockerfile, base, argument, file, user", () => {
    podman.podman(
      "build",
      "-q",
      "-t",
      `base${tag}`,
      "-f",
      podman.file("base", `FROM bb\n${touch("one")}`),
      podman.path("work"),
    );
    const file = podman.file(`${tag}.docker`, `FROM base${tag}\nARG A\nCOPY data /data\n`);
    const data = podman.file("data", "old");
    const args = ["--build-arg", "A=1", "--extra-files", data];
    expect(build("-t", tag, "-f", file, ...args)).toBe("built");
    expect(build("-t", tag, "-f", file, ...args)).toBe("current");
    expect(changes(file, ...args)).toEqual([]);
    expect(changes(file, "--build-arg", "A=2", "--extra-files", data)).toEqual(["arg:A changed"]);
    expect(changes(file, ...args, "-u")).toEqual(["user added"]);
    podman.file("data", "new");
    expect(changes(file, ...args)).toEqual([`file:${data} changed`]);
    podman.file("data", "old");
    podman.podman(
      "build",
      "-q",
      "-t",
      `base${tag}`,
      "-f",
      podman.file("base", `FROM bb\n${touch("two")}`),
      podman.path("work"),
    );
    expect(changes(file, ...args)).toEqual([`base:base${tag} changed`]);
    appendFileSync(file, "RUN true\n");
    expect(changes(file, ...args)).toContain("dockerfile changed");
  });

  test("an executable counts with its libraries", () => {
    const [program, library] = [podman.path("work/prog"), podman.path("work/libone.so")];
    const compile = (answer: number): void => {
      writeFileSync(podman.path("work/one.c"), `int one(void) { return ${answer}; }\n`);
      writeFileSync(podman.path("work/prog.c"), "int one(void); int main(void) { return one(); }\n");
      const made = spawnSync("sh", ["-c", `cc -shared -fPIC -o ${library} one.c && cc -o ${program} prog.c ${library} -Wl,-rpath,'$ORIGIN'`], { cwd: podman.path("work") }); // prettier-ignore
      expect(made.status).toBe(0);
    };
    compile(1);
    const file = podman.file(`${tag}.docker`, "FROM scratch\nADD . /\n");
    const args = ["-e", program, "--skip-binfmt"];
    expect(build("-t", tag, "-f", file, ...args)).toBe("built");
    expect(podman.run("container", "run", tag, program)).toMatchObject({ status: 1 });
    compile(7);
    expect(changes(file, ...args)).toEqual([`library:${library} changed`]);
    expect(podman.run("docker-py", "build", "-t", tag, "-f", file, ...args).stdout).not.toContain("up to date");
    expect(podman.run("container", "run", tag, program)).toMatchObject({ status: 7 });
  });

  test("an image without a rebuild key is judged by the labels it has", () => {
    const file = podman.file(`${tag}.docker`, "FROM bb\n");
    expect(explain(file)).toEqual({ tag, current: false, by: "absent", differences: [] });
    expect(podman.run("container", "explain", "bb", file).stdout).toBe("bb: stale (it bears no labels of a build: made by other means)\n"); // prettier-ignore
    expect(podman.run("docker-py", "build", "-t", tag, "-f", file)).toMatchObject({ status: 0 });
    expect(explain(file)).toEqual({ tag, current: true, by: "checksum", differences: [] });
    expect(build("-t", tag, "-f", file)).toBe("current");
    expect(podman.run("docker-py", "check", tag, file)).toMatchObject({ status: 0, stdout: "Image is up to date\n" });
  });

  test("a folder is built in order of need, and of it only what is stale", () => {
    const folder = podman.path(`work/graph${tag}`);
    mkdirSync(folder);
    const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.docker`), text);
    write("a-top", `FROM ${tag}/m-left\nCOPY --from=${tag}/m-right /right /right\n`);
    write("m-left", `FROM ${tag}/z-root\n${touch("left")}`);
    write("m-right", `FROM ${tag}/z-root\n${touch("right")}`);
    write("z-root", `FROM bb\n${touch("root")}`);
    const all = (...args: string[]): string[] => {
      const { stdout, status } = podman.run(
        "container",
        "build",
        "--all",
        folder,
        "--prefix",
        `${tag}/`,
        "--json",
        ...args,
      );
      expect(status).toBe(0);
      return stdout.trim().split("\n").map((line) => JSON.parse(line) as { tag: string; result: string }).map((each) => `${each.tag.slice(tag.length + 1)} ${each.result}`); // prettier-ignore
    };
    expect(new Set(all("--dry-run"))).toEqual(
      new Set(["a-top stale", "m-left stale", "m-right stale", "z-root stale"]),
    );
    const built = all();
    expect(built).toHaveLength(4);
    expect([built[0], built[3]]).toEqual(["z-root built", "a-top built"]);
    write("m-left", `FROM ${tag}/z-root\n${touch("lefter")}`);
    expect(new Set(all())).toEqual(new Set(["z-root current", "m-right current", "m-left built", "a-top built"]));
    expect(new Set(all().map((line) => line.split(" ")[1]))).toEqual(new Set(["current"]));
    write("z-root", `FROM ${tag}/a-top\n`);
    expect(podman.run("container", "build", "--all", folder, "--prefix", `${tag}/`).stderr).toContain(
      "need each other",
    );
  });

  test("a failing image holds up only those above it", () => {
    const folder = podman.path(`work/graph${tag}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "bad.docker"), 'FROM bb\nRUN ["/bin/busybox","false"]\n');
    writeFileSync(join(folder, "above.docker"), `FROM ${tag}/bad\n`);
    writeFileSync(join(folder, "good.docker"), "FROM bb\n");
    const { status, stdout, stderr } = podman.run("container", "build", "--all", folder, "--prefix", `${tag}/`);
    expect(status).toBe(1);
    expect(stdout).toContain("1 built, 1 failed, 1 blocked");
    expect(stderr).toContain(`${tag}/bad: Command 'podman build`);
  });

  test("a run leaves with the command's status, and words behind the image are the command's", () => {
    const { status, stdout } = podman.run("container", "run", "-e", "A=b", "bb", "sh", "-c", 'echo "$A $0 $*"; exit 5', "-h", "--quiet", "--json"); // prettier-ignore
    expect({ status, stdout }).toEqual({ status: 5, stdout: "b -h --quiet --json\n" });
  });

  test("a run with a database view is repeated from its record: same image, same revision", async () => {
    const view = podman.path(`view${tag}`);
    mkdirSync(view);
    writeFileSync(join(view, "array"), "numbers");
    const script = "cat /db/array; echo x > /db/array";
    const main = join(import.meta.dirname, "lent-view.main.ts");
    const [node = ""] = podman.argv("container", []);
    const run = (...args: string[]) => spawnSync(node, [main, ...args], { env: { ...podman.env, LENT_VIEW: view }, encoding: "utf8" }); // prettier-ignore
    const first = run("run", "--json", "--wcfs", "file:///data.fs:/db", "bb", "sh", "-c", script);
    expect(first.stderr).toContain("numbers");
    expect(first.stderr).toContain("Read-only file system");
    const record = JSON.parse(first.stdout) as Record<string, unknown>;
    expect(record).toMatchObject({
      image: "bb",
      imageId: podman.podman("inspect", "-f", "{{.Id}}", "bb"),
      command: ["sh", "-c", script],
      wcfs: { zurl: "file:///data.fs", tid: "03e8000000000001", target: "/db" },
      exitCode: 1,
    });
    writeFileSync(podman.path("work/record"), first.stdout);
    const again = run("repeat", podman.path("work/record"), "--json");
    expect(JSON.parse(again.stdout)).toEqual({ ...record, started: expect.any(String) as string, finished: expect.any(String) as string, ms: expect.any(Number) as number }); // prettier-ignore
    expect(readFileSync(`${view}.log`, "utf8").trim().split("\n")).toEqual([
      "mount file:///data.fs 03e8000000000001",
      "unmount 03e8000000000001",
      "mount file:///data.fs 03e8000000000001",
      "unmount 03e8000000000001",
    ]);
    expect(podman.run("container", "repeat", podman.file("nothing", "{}")).stderr).toContain(
      "holds no record of a run",
    );
    await Promise.resolve();
  });

  test("a record is written to what is no file without replacing it, and a place that cannot take one is told before the run", () => {
    const pipe = podman.path("work/fifo");
    const made = spawnSync("sh", ["-c", `mkfifo ${pipe}; exec 3<>${pipe}; "$@"; head -n 1 <&3`, "sh", ...podman.argv("container", ["run", "--record", pipe, "bb", "/bin/busybox", "true"])], { env: podman.env, encoding: "utf8" }); // prettier-ignore
    expect(JSON.parse(made.stdout)).toMatchObject({ image: "bb", exitCode: 0 });
    expect(statSync(pipe).isFIFO()).toBe(true);
    const refused = podman.run("container", "run", "--record", podman.path("none/record"), "bb", "/bin/busybox", "touch", "/x"); // prettier-ignore
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain(`no record can be written to ${podman.path("none/record")}`);
  });

  test("cc compiles in a container as the current user, in the current folder", () => {
    podman.podman("build", "-q", "-t", "with-cc", "-f", podman.file("cc.df", 'FROM bb\nCOPY fake-cc /bin/cc\n'), podman.path("work") + prepareCc(podman)); // prettier-ignore
    const { status, stdout } = podman.run("container", "cc", "-i", "with-cc", "--", "-o", "out");
    expect(status).toBe(0);
    expect(stdout).toBe(`${podman.path("work")} -o out\n`);
  });

  test.skipIf(registryMissing)("a registry gives layers, bases and whole images", async () => {
    await using registry = await startRegistry(podman);
    const { host } = registry;
    const folder = podman.path("work");
    podman.podman(
      "build",
      "-q",
      "-t",
      "qemu/rbase",
      "-f",
      podman.file("rbase.docker", `FROM bb\n${touch("rbase")}`),
      folder,
    );
    podman.podman("push", "-q", "--tls-verify=false", "qemu/rbase", `${host}/qemu/rbase`);
    const file = podman.file("rtop.docker", `FROM qemu/rbase\n${touch("rtop")}`);
    expect(podman.run("docker-py", "build", "-t", "qemu/rtop", "-f", file, "-r", host)).toMatchObject({ status: 0 });
    expect(podman.podman("images", "--format", "{{.Repository}}")).toContain(`${host}/qemu/rbase`);
    podman.podman("push", "-q", "--tls-verify=false", "qemu/rtop", `${host}/qemu/rtop`);
    podman.podman("rmi", "-f", "qemu/rtop");
    expect(podman.run("docker-py", "fetch", "qemu/rtop", host)).toMatchObject({ status: 0 });
    expect(podman.run("docker-py", "check", "qemu/rtop", file)).toMatchObject({ status: 0 });
    expect(podman.run("container", "fetch", "qemu/none", host)).toMatchObject({ status: 1 });
  });
});

// A "compiler" that tells where it runs and what it was given.
function prepareCc(podman: Podman): string {
  const folder = podman.path("work/cc");
  mkdirSync(folder);
  writeFileSync(join(folder, "fake-cc"), '#!/bin/sh\necho "$PWD $*"\n', { mode: 0o755 });
  return "/cc";
}

async function startRegistry(podman: Podman): Promise<AsyncDisposable & { host: string }> {
  const host = `127.0.0.1:${await freePort()}`;
  const config = podman.file(
    "registry.yml",
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${podman.path("registry")}}}\nhttp: {addr: "${host}"}\n`,
  );
  podman.file("registries.conf", `[[registry]]\nlocation="${host}"\ninsecure=true\n`);
  podman.env["CONTAINERS_REGISTRIES_CONF"] = podman.path("work/registries.conf");
  const server = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  await until("the registry answers", () => spawnSync("curl", ["-sf", `http://${host}/v2/`]).status === 0);
  return {
    host,
    [Symbol.asyncDispose]: () => {
      server.kill("SIGKILL");
      return Promise.resolve();
    },
  };
}
