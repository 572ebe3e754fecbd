import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { fasterCipher, knowsAes } from "./faster-cipher.ts";

test("processors of both kinds say that they know AES", () => {
  expect(knowsAes("model name\t: x\nflags\t\t: fpu aes avx\n")).toBe(true);
  expect(knowsAes("Features\t: fp asimd aes pmull\n")).toBe(true);
  expect(knowsAes("model name\t: aes\nflags\t\t: fpu vaes_x\n")).toBe(false);
});

test.each([
  ["nothing is said", "", true],
  ["others are chosen for the host", "Host there\n  Ciphers aes256-ctr\n", false],
  ["others are chosen for another host", "Host elsewhere\n  Ciphers aes256-ctr\n", true],
])("the cipher is chosen where %s", async (_, text, isChosen) => {
  const folder = mkdtempSync(join(tmpdir(), "belay-cipher-"));
  try {
    const program = join(folder, "ssh");
    writeFileSync(join(folder, "config"), text);
    // As the user's own file, which another -F replaces.
    writeFileSync(
      program,
      `#!/bin/sh\ncase "$*" in *-F*) exec ssh "$@";; *) exec ssh -F '${folder}/config' "$@";; esac\n`,
      {
        mode: 0o755,
      },
    );
    const option = await fasterCipher([program], "there");
    expect(option).toBe(isChosen ? "-oCiphers=^aes128-gcm@openssh.com" : undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without ssh there is no choice", async () => {
  expect(await fasterCipher(["/nonexistent/ssh"], "there")).toBeUndefined();
});
