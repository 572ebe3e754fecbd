/**
 * The command line of QEMU's docker script against its Python original: same calls of the engine, in the same order, with the same context,
 * same output, same status.
 *
 * What the original does stands in `drop-in.golden.json`. Where the script is at hand (`BELAY_DOCKER_PY`), it is run beside ours instead, and
 * with `BELAY_RECORD=1` the golden file is written anew.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cases } from "./cases.ts";
import { ourTool, prepare, pythonTool, record } from "./recording.ts";
import type { Case, Recording } from "./recording.ts";

const goldenFile = join(import.meta.dirname, "drop-in.golden.json");
const golden = JSON.parse(readFileSync(goldenFile, "utf8")) as Record<string, Recording>;
const fresh: Record<string, Recording> = {};

function inFolder<T>(each: Case, body: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "belay-test-dropin-"));
  try {
    prepare(folder, each);
    return body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function original(each: Case): Recording | undefined {
  return inFolder(each, (folder) => {
    const tool = pythonTool(folder);
    if (tool === undefined) return golden[each.name];
    const found = record(folder, each, tool);
    fresh[each.name] = found;
    return found;
  });
}

// The one line we add to a Dockerfile, and only for an included executable: the Python tool forgets it.
const keyLine = /^LABEL belay\.rebuild-key=[0-9a-f]{64} belay\.rebuild-parts=\S+\n/m;

function withoutKey(recording: Recording): Recording["calls"] {
  return recording.calls.map((call) =>
    call.dockerfile === undefined ? call : { ...call, dockerfile: call.dockerfile.replace(keyLine, "") },
  );
}

describe("the same as the Python script", () => {
  test.for(cases.map((each) => [each.name, each] as const))("%s", ([, each]) => {
    const theirs = original(each);
    if (theirs === undefined) throw new Error("not in the golden file: record it with BELAY_RECORD=1");
    const ours = inFolder(each, (folder) => record(folder, each, ourTool));
    expect(ours.stdout).toBe(each.better?.stdout ?? theirs.stdout);
    expect(ours.status).toBe(each.better?.status ?? theirs.status);
    if (each.better?.calls === undefined) expect(ours.heard).toEqual(theirs.heard);
    if (each.better?.calls === undefined) expect(withoutKey(ours)).toEqual(theirs.calls);
    else expect(ours.calls).toHaveLength(each.better.calls);
    expect(ours.left).toEqual([]);
  });
});

test("an included executable, and nothing else, adds the rebuild key to the Dockerfile", () => {
  const key = (name: string): boolean[] => {
    const each = cases.find((one) => one.name === name);
    if (each === undefined) throw new Error(`no case named ${name}`);
    const { calls } = inFolder(each, (folder) => record(folder, each, ourTool));
    return calls.flatMap(({ dockerfile }) => (dockerfile === undefined ? [] : [keyLine.test(dockerfile)]));
  };
  expect(key("build with a static executable at its own path")).toEqual([true]);
  expect(key("build with extra files")).toEqual([false]);
});

afterAll(() => {
  if (process.env["BELAY_RECORD"] !== "1") return;
  const all = { ...golden, ...fresh };
  const kept = Object.fromEntries(cases.flatMap(({ name }) => (name in all ? [[name, all[name]]] : [])));
  writeFileSync(goldenFile, `${JSON.stringify(kept, null, 1)}\n`);
});
