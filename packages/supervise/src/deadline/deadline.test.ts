import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { Deadline, onAbort, run, sleep, spawnProcess, TaskGroup } from "../index.ts";

test("a deadline aborts with ETIMEDOUT and says what took too long", async () => {
  using deadline = Deadline.after(20, { what: "mount" });
  await expect(sleep(1000, deadline.signal)).rejects.toMatchObject({
    code: "ETIMEDOUT",
    message: "mount: timed out after 0 s",
    timedOut: true,
  });
  expect(deadline.expired).toBe(true);
});

test("a share of a deadline is over no later than the whole", async () => {
  using whole = Deadline.after(100);
  using share = whole.fraction(0.2);
  expect(share.totalMs).toBe(20);
  await delay(90);
  using late = whole.fraction(0.9);
  expect(late.totalMs).toBeLessThanOrEqual(11);
});

test("a deadline ends with its parent, and without limit only then", () => {
  const parent = new AbortController();
  using limited = Deadline.after(10_000, { signal: parent.signal });
  using unlimited = Deadline.none(parent.signal);
  expect(unlimited.remainingMs).toBe(Infinity);
  parent.abort(new Error("parent"));
  expect([limited.remainingMs, unlimited.remainingMs]).toEqual([0, 0]);
  expect(limited.signal.reason).toEqual(new Error("parent"));
});

test("the first failure of a group cancels the others, and all have ended when it is told", async () => {
  const ended: string[] = [];
  const group = new TaskGroup();
  for (const name of ["a", "b"]) {
    void group
      .start(async (signal) => {
        await sleep(10_000, signal).finally(() => ended.push(name));
      })
      .catch(() => undefined);
  }
  const failure = new Error("first");
  group
    .start(async () => {
      await sleep(10);
      throw failure;
    })
    .catch(() => undefined);
  await expect(group.join()).rejects.toBe(failure);
  expect(ended).toEqual(["a", "b"]);
});

test("leaving the scope of a group cancels what runs; that is no failure", async () => {
  let reason: unknown;
  {
    await using group = new TaskGroup();
    void group.start((signal) => sleep(10_000, signal)).catch((error: unknown) => (reason = error));
  }
  await delay(0);
  expect(reason).toMatchObject({ code: "ECANCELED" });
});

test("the first Ctrl-C aborts, the second ends the process at once", async () => {
  const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
  const script = `import { abortOnSignals } from ${index};
    const { signal } = abortOnSignals(["SIGINT"]);
    signal.addEventListener("abort", () => console.error(signal.reason.code));
    console.error("up"); setInterval(() => {}, 1000);`;
  await using child = await spawnProcess([process.execPath, "--input-type=module", "-e", script]);
  const says = (text: string) => expect.poll(() => child.stderrTail().toString(), { interval: 10 }).toContain(text);
  await says("up");
  child.kill("SIGINT");
  await says("ECANCELED");
  child.kill("SIGINT");
  expect(await child.exited).toEqual({ code: 130, signal: undefined });
});

test("a failed task of a group that nobody awaits does not end the process", async () => {
  const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
  const script = `import { TaskGroup } from ${index};
    const group = new TaskGroup();
    group.start(async () => { throw new Error("x"); });
    await group.join().catch((error) => console.log(error.message));`;
  const { stdout } = await run([process.execPath, "--input-type=module", "-e", script]);
  expect(stdout.toString()).toBe("x\n");
});

test("what is to be done at an abort is done once, at once when it came before, and not after nobody wants it", () => {
  const [before, later, unwanted] = [AbortSignal.abort(), new AbortController(), new AbortController()];
  const done: string[] = [];
  using _before = onAbort(before, () => done.push("before"));
  using _later = onAbort(later.signal, () => done.push("later"));
  using _never = onAbort(undefined, () => done.push("never"));
  expect(done).toEqual(["before"]);
  onAbort(unwanted.signal, () => done.push("unwanted"))[Symbol.dispose]();
  for (const controller of [later, unwanted]) controller.abort();
  expect(done).toEqual(["before", "later"]);
});
