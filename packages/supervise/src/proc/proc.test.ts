import { expect, test } from "vitest";
import { createLogger, isDenied, isGone, kernelTraceback, openProc, run, spawnProcess, waitForEnd } from "../index.ts";
import { parseArgv, parseMaps } from "./parse.ts";

const isRoot = process.geteuid?.() === 0;

test("a process is seen as it is", async () => {
  await using child = await spawnProcess(["/bin/sleep", "1000"], { cwd: "/usr" });
  const seen = openProc().get(child.pid);
  expect(seen?.comm).toBe("sleep");
  expect(seen?.argv.map(String)).toEqual(["/bin/sleep", "1000"]);
  expect([seen?.cwd, seen?.root].map(String)).toEqual(["/usr", "/"]);
  expect(String(seen?.exe)).toMatch(/sleep$/);
  expect(seen?.uid).toBe(process.getuid?.());
  expect(seen?.fd.get(0)).toMatchObject({ fd: 0, path: Buffer.from("/dev/null") });
  expect(seen?.mmaps.some(({ path, perm }) => path?.toString().endsWith("sleep") && perm.includes("x"))).toBe(true);
  expect([...(seen?.tasks.keys() ?? [])]).toEqual([child.pid]);
  expect(seen?.text()).toMatch(/^ *pid\d+ \w+ sleep$/);
  expect(seen?.text().indexOf(" ", 9)).toBe(Math.max(9, `pid${child.pid}`.length));
});

test("a property read once stays after the process has gone; others say that it disappeared", async () => {
  const child = await spawnProcess(["/bin/sleep", "1000"]);
  const repeatable = openProc({ isolation: "repeatable-read" }).get(child.pid);
  const fresh = openProc({ isolation: "none" }).get(child.pid);
  expect([repeatable?.comm, fresh?.comm]).toEqual(["sleep", "sleep"]);
  child.kill("SIGKILL");
  await child.exited;
  await waitForEnd(child.identity);
  expect(repeatable?.comm).toBe("sleep");
  expect(() => fresh?.comm).toThrow(`pid${child.pid}: process disappeared`);
  expect(() => repeatable?.cwd).toThrow(expect.toSatisfy(isGone));
  expect(fresh?.isAlive()).toBe(false);
  expect(fresh?.argvText()).toBe(`(pid${child.pid}: process disappeared)`);
});

test("a snapshot knows nothing that came later", async () => {
  const snapshot = openProc({ isolation: "snapshot" });
  await using child = await spawnProcess(["/bin/sleep", "1000"]);
  expect(snapshot.get(child.pid)).toBe(undefined);
  expect(openProc({ isolation: "none" }).get(child.pid)).toBeDefined();
  expect(snapshot.get(process.pid)?.comm).toBeDefined();
});

test("a query yields in the order of ids what it selects", () => {
  const pids = [...openProc().query((process) => ({ pid: process.pid }))].map(({ pid }) => pid);
  expect(pids).toEqual([...pids].sort((a, b) => a - b));
  const [self] = [...openProc().query((candidate) => candidate.pid === process.pid)];
  expect(self).toMatchObject({ pid: process.pid });
});

test.skipIf(!isRoot)("what another user may not read is raised, warned about or ignored (needs root)", async () => {
  const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
  const script = `import { createLogger, formatPlain, descriptorSink, openProc, usersOfMount, MountTable } from ${index};
    const logger = createLogger({ sinks: [descriptorSink(1, { format: formatPlain })] });
    const { pid } = { pid: ${process.pid} };
    const select = (process) => process.pid === pid && String(process.cwd);
    const query = (onDenied) => [...openProc().query(select, { onDenied, logger })];
    try { query("raise"); } catch (error) { console.log(error.code, error.message); }
    console.log(query("warn").length, query("ignore").length);
    usersOfMount(MountTable.read().at("/")[0], { logger });
    console.log("survived");`;
  const { stdout } = await run([process.execPath, "--input-type=module", "-e", script], { uid: 65534, gid: 65534 });
  const lines = stdout.toString().split("\n");
  expect(lines[0]).toBe(`EACCES pid${process.pid}.cwd: permission denied`);
  expect(lines[1]).toMatch(new RegExp(`^warn: no access to *pid${process.pid} root \\S+.* \\(.*\\)$`));
  expect(lines[2]).toBe("0 0");
  expect(lines.at(-2)).toBe("survived");
});

test("a kernel traceback never fails: what cannot be read is in parentheses", async () => {
  await using child = await spawnProcess(["/bin/sleep", "1000"]);
  const read = () => {
    const seen = openProc().get(child.pid);
    return seen ? kernelTraceback(seen) : "";
  };
  await expect.poll(read).toMatch(isRoot ? /nanosleep/ : /\(tid\d+\.stack: permission denied\)/);
  const text = read();
  expect(text).toMatch(/^ *pid\d+ \w+ sleep\n\n *tid\d+ \w+ sleep\n/);
  expect(isDenied(new Error())).toBe(false);
  createLogger(); // the default sinks do not need anything to be set up
});

test("command lines without a NUL at their end, and mappings without a path, are read", () => {
  expect(parseArgv(Buffer.from("nginx: master")).map(String)).toEqual(["nginx: master"]);
  expect(parseArgv(Buffer.from("a\0\0b\0")).map(String)).toEqual(["a", "", "b"]);
  expect(parseArgv(Buffer.alloc(0))).toEqual([]);
  const maps = "7f00-7f01 rw-p 00001000 00:12c 7 /a b (deleted)\n7f01-7f02 rw-p 00000000 00:00 0 \n";
  expect(parseMaps(maps)).toMatchObject([
    { address: "7f00-7f01", perm: "rw-p", offset: 4096n, dev: 1048620, ino: 7n, path: Buffer.from("/a b (deleted)") },
    { address: "7f01-7f02", path: undefined },
  ]);
});
