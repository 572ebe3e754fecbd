import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import { run, startWorker } from "../index.ts";

const base = mkdtempSync(join(tmpdir(), "belay-test-"));
afterAll(() => rmSync(base, { recursive: true }));

function source(name: string, text: string): URL {
  writeFileSync(join(base, `${name}.worker.ts`), text);
  return pathToFileURL(join(base, `${name}.worker.ts`));
}

test("a worker is started from its source, asked to end, and its end awaited", async () => {
  const url = source(
    "polite",
    `import { parentPort, workerData } from "node:worker_threads";
    const said: string = workerData; parentPort?.postMessage(said);
    parentPort?.once("message", () => { parentPort?.postMessage("bye"); parentPort?.close(); });`,
  );
  const said: unknown[] = [];
  {
    await using owned = startWorker("polite", url, {
      workerData: "hello",
      askToEnd: (worker) => worker.postMessage("end"),
    });
    owned.worker.on("message", (message) => said.push(message));
    await once(owned.worker, "message");
  }
  expect(said).toEqual(["hello", "bye"]);
});

test("one that does not listen is terminated after its grace", async () => {
  const url = source("busy", `for (;;);`);
  const start = performance.now();
  {
    await using owned = startWorker("busy", url, { askToEnd: () => undefined, graceMs: 100 });
    await once(owned.worker, "online");
  }
  expect(performance.now() - start).toBeGreaterThan(90);
});

test("an error nobody caught in it is told by `ended`", async () => {
  await using owned = startWorker("failing", source("failing", `throw new Error("inside");`));
  await expect(owned.ended).rejects.toThrow("inside");
});

test("the thread that waits for events neither keeps the process alive nor keeps it from ending", async () => {
  const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
  const script = (end: string) => `import { waitForEvents } from ${index}; import { eventfd } from "@belay/linux";
    await waitForEvents(eventfd(), 1, AbortSignal.timeout(60)).catch(() => {}); ${end}`;
  // The thread itself only looks up once a second: whoever does not wake it takes at least that.
  const lastWords = `console.log(Date.now());`;
  for (const end of [lastWords, `${lastWords} process.exit(0)`]) {
    const delays: number[] = [];
    while (delays.length < 3 && Math.min(...delays) > 700) {
      const argv = [process.execPath, "--input-type=module", "-e", script(end)];
      const { stdout } = await run(argv, { timeoutMs: 60_000, cwd: import.meta.dirname });
      delays.push(Date.now() - Number(stdout));
    }
    expect(Math.min(...delays)).toBeLessThan(700);
  }
});

test("events are found even where the thread that waits for them cannot be had", async () => {
  const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);
  // The thread is refused by taking away what it is started from: the class of worker threads.
  const script = `import { syncBuiltinESMExports } from "node:module"; import threads from "node:worker_threads";
    const Real = threads.Worker;
    threads.Worker = class extends Real { constructor() { super("throw new Error('refused')", { eval: true }); } };
    syncBuiltinESMExports();
    const { waitForEvents } = await import(${index}); const { eventfd, eventfdSignal } = await import("@belay/linux");
    for (const fd of [eventfd(), eventfd()]) {
      setTimeout(() => eventfdSignal(fd), 200);
      console.log(await waitForEvents(fd, 1));
    }`;
  const argv = [process.execPath, "--input-type=module", "-e", script];
  const { stdout } = await run(argv, { timeoutMs: 60_000, cwd: import.meta.dirname });
  expect(stdout.toString()).toBe("1\n1\n");
});
