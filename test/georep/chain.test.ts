import * as fs from "node:fs";
import { join } from "node:path";

import { silentLogger, type Logger } from "@belay/supervise";
import { expect, test } from "vitest";

import { compareTrees } from "../../packages/georep/src/index.ts";
import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import type { SourceKind } from "../../packages/georep/src/sources/change-source.ts";
import { makePair, within } from "./replica.ts";

const isRoot = process.geteuid?.() === 0;
const title = "a copy is replicated further without the state it has, and the log tells so";

test.runIf(isRoot)(`${title} (fanotify)`, () => replicateOn("fanotify"));
test(`${title} (inotify)`, () => replicateOn("inotify"));

async function replicateOn(sourceKind: SourceKind): Promise<void> {
  using pair = makePair();
  fs.mkdirSync(join(pair.source, "below/.belay-georep"), { recursive: true });
  fs.writeFileSync(join(pair.source, "below/.belay-georep/file"), "1");
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
  const third = join(pair.base, "third");
  fs.mkdirSync(third);
  await using first = await pair.start({ logger });
  await first.checkpoint(within(30_000));
  expect(warnings).toEqual([]);
  await using second = await replicate(pair.destination, third, {
    ...{ session: "second", state: join(pair.base, "state of the second"), logger, sourceKind },
  });
  fs.writeFileSync(join(pair.source, "more"), "2");
  await first.checkpoint(within(30_000));
  await second.checkpoint(within(30_000));
  expect(compareTrees(pair.destination, third)).toEqual([]);
  expect(fs.readFileSync(join(third, "below/.belay-georep/file"), "utf8")).toBe("1");
  expect(fs.readdirSync(join(third, ".belay-georep"))).toEqual(["second"]);
  const leftOut = join(pair.destination, ".belay-georep");
  expect(warnings).toEqual([`${leftOut} is left out: it is the state of replications into the source`]);
}
