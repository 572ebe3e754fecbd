import { expect, test } from "vitest";
import { daemonize, endsWithin, processIdentity, readStat, sendSignal, type StartedDaemon } from "../index.ts";

const index = JSON.stringify(new URL("../index.ts", import.meta.url).href);

function start(body: string, signal?: AbortSignal): Promise<StartedDaemon> {
  const script = `import { BelayError, reportFailure, reportReady, run } from ${index};\n${body}`;
  return daemonize({ argv: [process.execPath, "--input-type=module", "-e", script], signal });
}

test("a daemon that is ready goes on in a session of its own, with what it told", async () => {
  const { pid, info } = await start(`reportReady({ port: 7 }); setInterval(() => {}, 1000)`);
  expect(info).toEqual({ port: 7 });
  expect(readStat(pid)?.pgid).toBe(pid);
  const identity = processIdentity(pid);
  sendSignal(pid, "SIGTERM");
  expect(identity && (await endsWithin(identity, 5000))).toBe(true);
});

test("the error of a daemon becomes its starter's, with code and hint", async () => {
  const failing = start(`reportFailure(new BelayError("ETEST", "no port", { hint: "take another" })); process.exit(1)`);
  await expect(failing).rejects.toMatchObject({ code: "ETEST", message: "no port", hint: "take another" });
});

test("a daemon that ends without a word has failed", async () => {
  await expect(start(`process.exit(3)`)).rejects.toMatchObject({
    code: "EDAEMON",
    message: "node: exited with 3 before it was ready",
  });
});

test("what a daemon runs before it is ready knows nothing of who waits for it, and cannot answer in its place", async () => {
  const { pid, info } = await start(`
    const { stdout } = await run(["env"]);
    reportReady(stdout.toString().split("\\n").filter((line) => line.includes("_FD=")));
  `);
  expect(info).toEqual([]);
  const identity = processIdentity(pid);
  expect(identity === undefined || (await endsWithin(identity, 5000))).toBe(true);
});

test("a daemon that is not ready in time is ended", async () => {
  await expect(start(`setInterval(() => {}, 1000)`, AbortSignal.timeout(300))).rejects.toMatchObject({
    name: "TimeoutError",
  });
});
