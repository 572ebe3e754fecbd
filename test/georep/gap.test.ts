import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import { makePair, within, type Pair } from "./replica.ts";

// Each worker has a feed of its own here: nobody watched between two of them, so that everything is compared.

/** More than the destination tells in one answer. */
const many = 4100;
const settled = () => sleep(100);

test("after a gap what is equal is neither told nor applied, and what differs is found", async () => {
  using pair = makePair();
  await makeTree(pair);
  expect(await follow(pair)).toMatchObject({ compared: 6 });
  expect(await follow(pair)).toMatchObject({ compared: 6, entries: 0, failures: 0 });
  changeSource(pair.source);
  changeDestination(pair.destination);
  await settled();
  const { entries } = await follow(pair);
  expect(pair.differences()).toEqual([]);
  expect(entries).toBeGreaterThan(10);
  expect(entries, "only what is near a change").toBeLessThan(100);
  fs.rmSync(join(pair.source, "large"), { recursive: true });
  await follow(pair);
  expect(pair.differences()).toEqual([]);
});

function changeSource(source: string): void {
  const at = (name: string): string => join(source, name);
  fs.chmodSync(at("large/f-2300"), 0o600);
  fs.chmodSync(at("d/inner"), 0o711);
  fs.writeFileSync(at("d/inner/deep/file"), "another");
  for (const [from, to] of [["a", "aside"], ["b", "a"], ["aside", "b"]]) fs.renameSync(at(`d/${from}`), at(`d/${to}`)); // prettier-ignore
  for (const name of ["a", "f-2000x", "z"]) fs.writeFileSync(at(`large/${name}`), name);
  for (const index of [0, 1999, 2000, 2001, 3999, 4000, many - 1]) fs.rmSync(at(`large/f-${pad(index)}`));
  fs.mkdirSync(at("large/f-3000-below"));
  fs.writeFileSync(at("large/f-3000-below/new"), "new");
}

function changeDestination(destination: string): void {
  const at = (name: string): string => join(destination, name);
  const { atime, mtime } = fs.statSync(at("large/f-4050"));
  fs.writeFileSync(at("large/f-4050"), "4051");
  fs.utimesSync(at("large/f-4050"), atime, mtime);
  fs.rmSync(at("large/f-0001"));
  fs.rmSync(at("other"), { recursive: true });
  for (const name of ["large/f-2500-extra", "large/zz", "extra"]) fs.writeFileSync(at(name), name);
}

const pad = (index: number): string => String(index).padStart(4, "0");

async function makeTree({ source }: Pair): Promise<void> {
  for (const directory of ["large", "d/inner/deep", "other"])
    fs.mkdirSync(join(source, directory), { recursive: true });
  for (let index = 0; index < many; index++) fs.writeFileSync(join(source, `large/f-${pad(index)}`), String(index));
  for (const name of ["a", "b", "inner/deep/file", "../other/file"]) fs.writeFileSync(join(source, "d", name), name);
  await settled();
}

async function follow(pair: Pair): Promise<{ compared: number; entries: number; failures: number }> {
  await using worker = await pair.start();
  await worker.checkpoint(within(30_000));
  return worker.status;
}
