import { existsSync, mkdirSync, statSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";

import { openLedger, silentLogger, sleep, tempDir } from "@belay/supervise";
import { expect, test } from "vitest";

import { callWorker } from "./call-worker.ts";
import type { ControlStatus } from "./messages.ts";
import { serveControl, type ControlHandlers } from "./serve-control.ts";

const status: ControlStatus = {
  pid: 1,
  startedAt: 2,
  source: "/a",
  secondary: "/b",
  worker: {
    state: "active",
    lagSeconds: 0,
    crawlQueue: 0,
    compared: 0,
    verifyQueue: 0,
    retryQueue: 0,
    pending: 0,
    entriesPerSecond: 0,
    bytesPerSecond: 0,
    entries: 1,
    bytes: 2,
    failures: 0,
  },
};

const handlers: ControlHandlers = {
  status: () => status,
  retries: () => [],
  checkpoint: async (_, signal) => {
    await sleep(Infinity, signal);
    return { requestedAt: 0, completedAt: 0, verified: false };
  },
  resync: () => Promise.reject(Object.assign(new Error("no such directory"), { code: "ENOENT" })),
  verify: () => [],
  retry: () => null,
};

async function serve(name = "worker.sock", table = handlers) {
  const ledger = await openLedger();
  const directory = await tempDir(ledger);
  mkdirSync(join(directory.path, name, ".."), { recursive: true });
  const path = join(directory.path, name);
  const server = await serveControl(ledger, path, table, silentLogger);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    },
  };
}

test("a worker answers, only to its own user, and its socket goes with it", async () => {
  const { path, ...server } = await serve();
  expect(await callWorker(path, "status", {})).toEqual(status);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await server[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
  await expect(callWorker(path, "status", {})).rejects.toMatchObject({ code: "ENOWORKER" });
});

test("a socket whose path is longer than the kernel takes works as any other", async () => {
  await using server = await serve(`${"long/".repeat(40)}worker.sock`);
  expect(server.path.length).toBeGreaterThan(200);
  expect(await callWorker(server.path, "retry", {})).toBeNull();
});

test("a worker that is killed before it reads what it is asked has ended", async () => {
  await using ledger = await openLedger();
  await using directory = await tempDir(ledger);
  const path = join(directory.path, "worker.sock");
  // What was sent lies unread: the kernel resets the connection then.
  const server = createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 100));
  server.listen(path);
  await once(server, "listening");
  await expect(callWorker(path, "status", {})).rejects.toMatchObject({ code: "ECONNLOST" });
  server.close();
});

test("errors of the worker come with their codes", async () => {
  await using server = await serve();
  await expect(callWorker(server.path, "resync", { path: "x" })).rejects.toMatchObject({
    code: "ENOENT",
    message: "no such directory",
  });
});

test("who gives up ends what the worker does for him", async () => {
  const aborted = Promise.withResolvers<undefined>();
  const giveUp = new AbortController();
  const checkpoint: ControlHandlers["checkpoint"] = async (_, signal) => {
    giveUp.abort(new Error("given up"));
    signal.addEventListener("abort", () => aborted.resolve(undefined));
    await sleep(Infinity, signal);
    throw new Error("not reached");
  };
  await using server = await serve("worker.sock", { ...handlers, checkpoint });
  await expect(callWorker(server.path, "checkpoint", {}, giveUp.signal)).rejects.toThrow("given up");
  await aborted.promise;
});

test("what is no call, and what is not even JSON, harms nobody", async () => {
  await using server = await serve();
  const ask = async (text: string) => {
    const socket = connect(server.path);
    socket.write(text);
    let said = "";
    for await (const chunk of socket) {
      said += String(chunk);
      if (said.endsWith("\n")) break;
    }
    return said;
  };
  expect(JSON.parse(await ask('{"id":7,"call":"toString"}\n'))).toMatchObject({ id: 7, error: { code: "ENOSYS" } });
  expect(JSON.parse(await ask('{"id":8,"call":"resync","path":3}\n'))).toMatchObject({ error: { code: "EINVAL" } });
  expect(await ask("rubbish\n")).toBe("");
  expect(await callWorker(server.path, "retries", {})).toEqual([]);
});
