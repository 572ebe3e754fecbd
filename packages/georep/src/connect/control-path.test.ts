import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openLedger } from "@belay/supervise";
import { afterEach, expect, test, vi } from "vitest";
import { openControlPath } from "./control-path.ts";

afterEach(() => vi.unstubAllEnvs());

test("ssh's socket lies beside the ledger, and elsewhere where its path would be too long", async () => {
  const folder = mkdtempSync(join(tmpdir(), "b-"));
  try {
    for (const [run, parent] of [
      [join(folder, "run"), join(folder, "run")],
      [join(folder, "long".repeat(20)), tmpdir()],
    ] as const) {
      vi.stubEnv("BELAY_RUN_DIR", run);
      let path: string | undefined;
      {
        await using ledger = await openLedger();
        path = (await openControlPath(ledger)) ?? "";
        expect(dirname(dirname(path))).toBe(parent);
        expect(existsSync(dirname(path))).toBe(true);
      }
      expect(existsSync(dirname(path))).toBe(false);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
