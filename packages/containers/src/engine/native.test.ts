import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { isNativeProgram } from "./native.ts";

test("only the first file of that name in PATH counts, and only a native one", () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-native-"));
  try {
    const [script, native, plain] = ["script", "native", "plain"].map((name) => join(folder, name));
    for (const directory of [script, native, plain]) mkdirSync(directory ?? "");
    writeFileSync(join(script ?? "", "engine"), "#!/bin/sh\n");
    chmodSync(join(script ?? "", "engine"), 0o755);
    copyFileSync("/bin/sh", join(native ?? "", "engine"));
    writeFileSync(join(plain ?? "", "engine"), "");
    expect(isNativeProgram("engine", `${script}:${native}`)).toBe(false);
    expect(isNativeProgram("engine", `${native}:${script}`)).toBe(true);
    expect(isNativeProgram("engine", `${folder}/absent:${native}`)).toBe(true);
    expect(isNativeProgram("engine", `${plain}:${native}`)).toBe(true);
    expect(isNativeProgram("engine", "")).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
