import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openLedger, type Ledger } from "@belay/supervise";
import { expect, onTestFinished, test } from "vitest";

import { runPreScript } from "../context/pre-script.ts";
import type { Engine } from "../engine/engine.ts";
import { runContainer } from "./run-container.ts";

/** A folder with a program in it that tells by a file that it was run to its end. */
function folderWithProgram(): { folder: string; program: string; hasRun: () => boolean } {
  const folder = mkdtempSync(join(tmpdir(), "belay-run-container-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [program, mark] = [join(folder, "program"), join(folder, "mark")];
  writeFileSync(program, `#!/bin/sh\nsleep 0.3; : > ${mark}\n`, { mode: 0o755 });
  return { folder, program, hasRun: () => existsSync(mark) };
}

test("a run that was told to end while it was noted in the ledger starts no container", async () => {
  const { folder, program, hasRun } = folderWithProgram();
  await using ledger = await openLedger(folder);
  const told = new AbortController();
  const telling: Ledger = {
    ...ledger,
    intend: (what) => {
      told.abort(new Error("interrupted"));
      return ledger.intend(what);
    },
  };
  const engine: Engine = { command: [program], kind: "podman", env: process.env, buildkit: false };
  const scope = { ledger: telling, signal: told.signal, [Symbol.asyncDispose]: () => Promise.resolve() };
  const request = { words: ["image"], keep: false, quiet: true, asUser: false, mode: "full" } as const;
  const ignore = () => undefined;
  const talk = { say: ignore, warn: ignore, json: ignore, machine: false };
  await expect(runContainer(engine, scope, request, talk)).rejects.toThrow("interrupted");
  expect([hasRun(), ledger.entries()]).toEqual([false, []]);
});

test("a script that prepares a context is ended at once when its call was told to end before", async () => {
  const { folder, program, hasRun } = folderWithProgram();
  const told = AbortSignal.abort(new Error("interrupted"));
  expect(await runPreScript(program, folder, true, false, process.env, told)).toBe(-15);
  expect(hasRun()).toBe(false);
});
