import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

import { openLedger, sleep, type Ledger, type LedgerHandle } from "@belay/supervise";
import { expect, test } from "vitest";

import { defaultPolicy, type ProgramPolicy, type SyncPolicy } from "../../packages/georep/src/policy/policy.ts";
import { RandomWriter } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

const engines = ["rsync", "tarssh"] as const;
const by = (engine: SyncPolicy["engine"], programs: Partial<ProgramPolicy> = {}): { policy: SyncPolicy } => ({
  policy: { ...defaultPolicy, engine, programs: { ...defaultPolicy.programs, ...programs } },
});

test.for(engines)("%s carries content of any name, size and kind", { timeout: 200_000 }, async (engine) => {
  using pair = makePair();
  const writer = new RandomWriter(pair.source, 4711);
  for (let i = 0; i < 400; i++) writer.step();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${pair.source}/`), Buffer.from([0xff, 0x0a, 0x2d])]), "odd name");
  fs.writeFileSync(join(pair.source, "sparse"), "x");
  fs.truncateSync(join(pair.source, "sparse"), 30_000_000);
  await using worker = await pair.start(by(engine));
  await worker.checkpoint(within(60_000));
  expect(pair.differences()).toEqual([]);
  expect(fs.statSync(join(pair.destination, "sparse")).blocks * 512).toBeLessThan(5_000_000);
  for (let i = 0; i < 400; i++) writer.step();
  await worker.checkpoint(within(60_000));
  expect(pair.differences()).toEqual([]);
  expect(await worker.verify(within(60_000))).toEqual([]);
  expect(fs.readdirSync(join(pair.destination, ".belay-georep", "test", "stage"))).toEqual([]);
});

test.for(engines)(
  "%s: files that vanish while they are sent hold nothing up, however much is said about them",
  { timeout: 120_000 },
  async (engine) => {
    using pair = makePair();
    for (let i = 0; i < 1500; i++) fs.writeFileSync(join(pair.source, `file ${i} ${"x".repeat(150)}`), `${i}`);
    await using worker = await pair.start(by(engine));
    await expect.poll(() => worker.status.state, { interval: 1 }).not.toBe("starting");
    for (let i = 0; i < 1500; i++) {
      const path = join(pair.source, `file ${i} ${"x".repeat(150)}`);
      fs.writeFileSync(`${path}~`, `${i} again`);
      fs.renameSync(`${path}~`, path);
    }
    await worker.checkpoint(within(60_000));
    expect(pair.differences()).toEqual([]);
  },
);

test("rsync sends differences only", async () => {
  using pair = makePair();
  const path = join(pair.source, "large");
  fs.writeFileSync(path, randomBytes(8_000_000));
  const log = join(pair.base, "stats");
  const wrapper = join(pair.base, "rsync");
  fs.writeFileSync(wrapper, `#!/bin/sh\nexec rsync --no-whole-file --stats "$@" >>${log}\n`, { mode: 0o755 });
  await using worker = await pair.start(by("rsync", { rsync: wrapper }));
  await worker.checkpoint(within(60_000));
  const fd = fs.openSync(path, "r+");
  fs.writeSync(fd, "changed", 4_000_000);
  fs.closeSync(fd);
  await worker.checkpoint(within(60_000));
  expect(pair.differences()).toEqual([]);
  const literal = [...fs.readFileSync(log, "utf8").matchAll(/Literal data: ([\d,]+)/g)].map(([, n = ""]) =>
    Number(n.replaceAll(",", "")),
  );
  expect(literal[0]).toBe(8_000_000);
  expect(literal.at(-1)).toBeLessThan(100_000);
}, 120_000);

test.for(engines)("%s: a program that is missing, or ends badly, ends the worker and says why", async (engine) => {
  using pair = makePair();
  fs.writeFileSync(join(pair.source, "f"), "1");
  {
    await using worker = await pair.start(by(engine, { rsync: "/nonexistent/rsync", tar: "/nonexistent/tar" }));
    await expect(worker.ended).rejects.toMatchObject({ code: "ENOENGINE", reason: "no-program" });
  }
  const bad = join(pair.base, "bad");
  fs.writeFileSync(bad, "#!/bin/sh\necho went wrong >&2\nexit 12\n", { mode: 0o755 });
  await using worker = await pair.start(by(engine, { rsync: bad, tar: bad }));
  await expect(worker.ended).rejects.toMatchObject({ code: "EENGINE" });
  await expect(worker.ended).rejects.toThrow("went wrong");
  expect(execFileSync("ls", [pair.destination]).toString()).toBe("");
});

test.for(engines)("%s may have done its part before we get to listen to it", async (engine) => {
  using pair = makePair();
  for (let i = 0; i < 20; i++) fs.writeFileSync(join(pair.source, `f${i}`), `${i}`);
  await using ledger = await openLedger(join(pair.base, "run"));
  const slow: Ledger = { ...ledger, intend: async (entry) => slowed(await ledger.intend(entry)) };
  await using worker = await pair.start({ ...by(engine), ledger: slow });
  await worker.checkpoint(within(30_000));
  expect(pair.differences()).toEqual([]);
  expect(worker.status.failures).toBe(0);
});

function slowed(handle: LedgerHandle): LedgerHandle {
  return {
    entry: handle.entry,
    acquired: async (patch) => {
      await sleep(300);
      await handle.acquired(patch);
    },
    release: () => handle.release(),
    forget: () => handle.forget(),
  };
}
