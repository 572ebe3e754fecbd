/** What is left when a run or build is ended in every way there is. */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ended, sleeps, uniqueNumber, until } from "./host.ts";
import { Podman, podmanMissing } from "./podman.ts";

const missing = podmanMissing();
if (missing !== undefined) console.warn(`SKIPPED: containers that leave nothing behind: ${missing}`);

describe.skipIf(missing !== undefined)("nothing is left", () => {
  let podman: Podman;
  beforeAll(() => {
    podman = new Podman();
    podman.makeBase();
  });
  afterAll(() => podman[Symbol.dispose]());

  const running = (word: string): Promise<void> => until(`sleep ${word} runs`, () => sleeps(word));
  const runSleep = (word: string): string[] => ["run", "bb", "/bin/busybox", "sleep", word];

  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("after %s to a run, which leaves with %i", async ([signal, status]) => {
    const word = uniqueNumber();
    const tool = podman.start("docker-py", ...runSleep(word));
    await running(word);
    tool.kill(signal);
    expect(await ended(tool)).toBe(status);
    expect(podman.leftovers(word)).toEqual([]);
  });

  test("by clean after SIGKILL of a run", async () => {
    const word = uniqueNumber();
    const tool = podman.start("container", ...runSleep(word));
    await running(word);
    tool.kill("SIGKILL");
    await ended(tool);
    expect(sleeps(word)).toBe(true);
    expect(podman.run("container", "clean")).toMatchObject({ status: 0 });
    expect(podman.leftovers(word)).toEqual([]);
  });

  test("by the next start after SIGKILL of a run", async () => {
    const word = uniqueNumber();
    const tool = podman.start("docker-py", ...runSleep(word));
    await running(word);
    tool.kill("SIGKILL");
    await ended(tool);
    expect(podman.run("docker-py", "run", "bb", "/bin/busybox", "true")).toMatchObject({ status: 0 });
    expect(podman.leftovers(word)).toEqual([]);
  });

  test("after SIGKILL of the process that started a run", async () => {
    const word = uniqueNumber();
    const [program = "", ...args] = podman.argv("docker-py", runSleep(word));
    const shell = spawn("/bin/sh", ["-c", '"$@"; true', "sh", program, ...args], { env: podman.env, stdio: "ignore" });
    await running(word);
    shell.kill("SIGKILL");
    await until("all is gone", () => podman.leftovers(word).length === 0);
  });

  test("after SIGKILL of the engine's client", async () => {
    const word = uniqueNumber();
    const tool = podman.start("docker-py", ...runSleep(word));
    await running(word);
    spawnSync("pkill", ["-9", "-f", `^podman run .*sleep ${word}`]);
    expect(await ended(tool)).toBe(1);
    expect(podman.leftovers(word)).toEqual([]);
  });

  const slow = (word: string): string[] => {
    const text = `FROM bb\nCOPY ${word} /\nRUN ["/bin/busybox","sleep","${word}"]\n`;
    return [
      "build",
      "-t",
      `slow${word}`,
      "-f",
      podman.file(`${word}.docker`, text),
      "--extra-files",
      podman.file(word, word),
    ];
  };

  test.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("after %s to a build, which leaves with %i", async ([signal, status]) => {
    const word = uniqueNumber();
    const tool = podman.start("docker-py", ...slow(word));
    await running(word);
    tool.kill(signal);
    expect(await ended(tool)).toBe(status);
    expect(podman.leftovers(word)).toEqual([]);
  });

  test("by clean after SIGKILL of a build: no process, container, mount or file", async () => {
    const word = uniqueNumber();
    const tool = podman.start("container", ...slow(word));
    await running(word);
    tool.kill("SIGKILL");
    await ended(tool);
    expect(podman.leftovers(word).length).toBeGreaterThan(2);
    expect(podman.run("container", "clean")).toMatchObject({ status: 0 });
    expect(podman.leftovers(word)).toEqual([]);
  });

  test("after SIGKILL of the engine's client in a build", async () => {
    const word = uniqueNumber();
    const tool = podman.start("docker-py", ...slow(word));
    await running(word);
    spawnSync("pkill", ["-9", "-f", `^podman build .*slow${word}`]);
    expect(await ended(tool)).toBe(1);
    await until("all is gone", () => podman.leftovers(word).length === 0);
  });

  test.for(["SIGINT", "SIGTERM"] as const)(
    "after %s to the builds of a folder, those that wait for a place too",
    async (signal) => {
      const word = uniqueNumber();
      const folder = podman.path(`work/slow${word}`);
      mkdirSync(folder);
      for (const name of ["a", "b", "c", "d", "e", "f"]) {
        writeFileSync(join(folder, `${name}.docker`), `FROM bb\nRUN ["/bin/busybox","sleep","${word}"]\n`);
      }
      const tool = podman.start("container", "build", "--all", folder, "--jobs", "2");
      await running(word);
      tool.kill(signal);
      expect(await ended(tool)).toBe(signal === "SIGINT" ? 130 : 143);
      expect(podman.leftovers(word)).toEqual([]);
    },
  );

  test("in the context folder when a build fails or is skipped", () => {
    const failing = podman.file("failing.docker", 'FROM bb\nRUN ["/bin/busybox","false"]\n');
    expect(podman.run("docker-py", "build", "-t", "f", "-f", failing)).toMatchObject({ status: 1 });
    expect(podman.leftovers(`no-such-${randomUUID()}`)).toEqual([]);
  });

  test("and clean touches neither what is alive nor what is somebody else's", async () => {
    const [own, foreign] = [uniqueNumber(), uniqueNumber()];
    podman.podman("run", "-d", "--name", "foreign", "bb", "/bin/busybox", "sleep", foreign);
    const tool = podman.start("container", ...runSleep(own));
    await Promise.all([running(own), running(foreign)]);
    expect(podman.run("container", "clean").stdout).toContain("left alone, it is in use");
    expect([sleeps(own), sleeps(foreign)]).toEqual([true, true]);
    expect(podman.run("container", "clean", "--all").stdout).toContain("removed");
    expect([sleeps(own), sleeps(foreign)]).toEqual([false, true]);
    expect(await ended(tool)).toBe(137);
    podman.podman("rm", "-f", "-t", "0", "foreign");
  });

  test("but a container that was detached on purpose stays until clean --all", async () => {
    const word = uniqueNumber();
    expect(podman.run("docker-py", "run", "-d", "bb", "/bin/busybox", "sleep", word)).toMatchObject({ status: 0 });
    podman.run("container", "clean");
    expect(sleeps(word)).toBe(true);
    podman.run("container", "clean", "--all");
    expect(podman.leftovers(word)).toEqual([]);
    await until("the sleep is gone", () => !sleeps(word));
  });

  test("of a network made for a run", () => {
    const before = podman.podman("network", "ls", "-q");
    const { status, stdout } = podman.run(
      "container",
      "run",
      "--private-network",
      "--json",
      "bb",
      "/bin/busybox",
      "true",
    );
    expect(podman.podman("network", "ls", "-q")).toBe(before);
    // Whether a bridge can be made is the machine's affair; that it is not left is ours.
    if (status === 0) expect(JSON.parse(stdout)).toMatchObject({ privateNetwork: true });
    else console.warn(`podman made no network here (status ${status ?? "none"})`);
  });

  test("of ledgers", () => {
    expect(existsSync(podman.path("run/ledgers"))).toBe(true);
    podman.run("container", "clean");
    const left = spawnSync("ls", [podman.path("run/ledgers")], { encoding: "utf8" }).stdout;
    expect(left.split("\n").filter((name) => name !== "" && !name.endsWith(".lock"))).toEqual([]);
  });
});
