import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dockerPySpec } from "../docker-py-spec.ts";
import { parseKnown } from "./parse.ts";
import { ParseExit } from "./spec.ts";

/** What Python 3.11's argparse made of a command line, given the grammar of QEMU's script, 80 columns wide. */
interface Golden {
  readonly argv: readonly string[];
  readonly status?: number;
  readonly text?: string;
  readonly command?: string;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly rest?: readonly string[];
}

const golden = JSON.parse(readFileSync(new URL("argparse.golden.json", import.meta.url), "utf8")) as Golden[];

// What Python sets for options that were not given; ours has no entry for them.
const presets: Readonly<Record<string, unknown>> = { cc: "cc", checktype: "checksum", olderthan: 60 };

function parse(argv: readonly string[]): Golden {
  try {
    const { command, values, rest } = parseKnown(dockerPySpec("docker-py"), argv);
    const set = [...values].filter(([name, value]) => presets[name] !== value);
    return { argv, command: command?.name ?? "", values: Object.fromEntries(set), rest };
  } catch (error) {
    if (!(error instanceof ParseExit)) throw error;
    return { argv, status: error.status, text: error.message };
  }
}

let columns: string | undefined;
beforeEach(() => {
  columns = process.env["COLUMNS"];
  process.env["COLUMNS"] = "80";
});
afterEach(() => {
  if (columns === undefined) delete process.env["COLUMNS"];
  else process.env["COLUMNS"] = columns;
});

test("370 command lines are read, and refused, as Python's argparse does", () => {
  expect(golden).toHaveLength(370);
  for (const each of golden) expect(parse(each.argv)).toEqual(each);
});

test("an option may be shortened as long as one option only begins so", () => {
  expect(parse(["build", "--extra", "a", "b", "--reg=r"]).values).toEqual({ extra_files: ["a", "b"], registry: "r" });
  expect(() => parseKnown(dockerPySpec("docker-py"), ["check", "--", "x"])).not.toThrow();
});

test("words nobody knows are handed on in their order", () => {
  expect(parse(["run", "-v", "/a:/b", "image", "--quiet", "ls", "-la"]).rest).toEqual([
    "-v",
    "/a:/b",
    "image",
    "ls",
    "-la",
  ]);
});
