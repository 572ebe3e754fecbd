import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { openLedger, sleep, type Ledger } from "@belay/supervise";
import { expect, test } from "vitest";

import { replicate } from "../monitor/replicate.ts";
import { defaultPolicy } from "../policy/policy.ts";
import { beginConnecting } from "./connect.ts";

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function openPlace() {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "belay-connect-")));
  const ledger = await openLedger(join(path, "run"));
  const destination = join(path, "destination");
  const configuration = join(path, "gsyncd.conf");
  writeFileSync(configuration, `[vars]\nsecondary-log-file = ${join(path, "log")}\n`);
  return {
    ledger,
    path,
    destination,
    /** A receiving end as a worker starts it. */
    role: (timeoutSeconds: number) => [
      ...[process.execPath, script("../cli/gsyncd.ts"), "secondary", `file://${path}`, `file://${destination}`],
      ...["--secondary-timeout", String(timeoutSeconds), "-c", configuration],
    ],
    [Symbol.asyncDispose]: async () => {
      await ledger[Symbol.asyncDispose]();
      rmSync(path, { recursive: true });
    },
  };
}

const hello = { rootId: Buffer.alloc(8, 1), expected: undefined, rules: defaultPolicy };
const processes = (ledger: Ledger) => ledger.entries().length;

test(
  "a receiving end that is greeted late is still there, and has touched nothing before",
  { timeout: 30_000 },
  async () => {
    await using place = await openPlace();
    const { ledger, destination } = place;
    const line = { session: "s", timeoutMs: 1000 };
    {
      await using connecting = beginConnecting({ command: place.role(1), viaSsh: false, ledger, line });
      await sleep(3500); // it gives up a line that is silent for a second
      expect(existsSync(destination)).toBe(false);
      await using connection = await connecting.greet(hello);
      expect(connection.replica).toMatch(/^[0-9a-f]+$/);
      expect(readdirSync(destination)).toHaveLength(1);
    }
    expect(processes(ledger)).toBe(0);
  },
);

test("one that is never greeted ends with whoever began it", async () => {
  await using place = await openPlace();
  const { ledger, destination } = place;
  for (const waitMs of [0, 300]) {
    await using _connecting = beginConnecting({
      ...{ command: place.role(60), viaSsh: false, ledger },
      line: { session: "s" },
    });
    await sleep(waitMs);
  }
  expect(processes(ledger)).toBe(0);
  expect(existsSync(destination)).toBe(false);
});

test("what keeps it from starting is told by whoever greets it, and not before", async () => {
  await using place = await openPlace();
  const cases = [
    [["/nonexistent/gsyncd"], { reason: "no-program" }],
    [["sh", "-c", "echo no such place >&2; exit 3"], { code: "ESECONDARY", reason: "secondary" }],
  ] as const;
  for (const [command, error] of cases) {
    await using connecting = beginConnecting({
      ...{ command, viaSsh: false, ledger: place.ledger },
      line: { session: "s" },
    });
    await sleep(600);
    await expect(connecting.greet(hello)).rejects.toMatchObject(error);
  }
  expect(processes(place.ledger)).toBe(0);
});

test("a source that cannot be opened is told as such, even when the receiving end cannot be started either", async () => {
  await using place = await openPlace();
  const { path, destination, ledger } = place;
  for (const secondaryCommand of [["/nonexistent/gsyncd"], ["false"], place.role(60)]) {
    const options = { session: "s", state: join(path, "state"), ledger, secondaryCommand };
    const source = join(path, "no-directory");
    writeFileSync(source, "");
    await expect(replicate(source, destination, options)).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(processes(ledger)).toBe(0);
  }
  expect(existsSync(destination)).toBe(false);
});
