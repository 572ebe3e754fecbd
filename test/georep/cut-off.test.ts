import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, statx } from "@belay/linux";
import { expect, test } from "vitest";

import { fileIdAt } from "../../packages/georep/src/ids/file-id.ts";
import { ObjectMap } from "../../packages/georep/src/secondary/object-map.ts";
import { lockSession } from "../../packages/georep/src/secondary/session.ts";
import { cutOffSessions, during, startSession } from "./cut-sessions.ts";
import { openLastingFeed } from "./lasting-feed.ts";
import { RandomWriter } from "./random-writer.ts";
import { makePair, within } from "./replica.ts";

// While a writer does by chance whatever can be done to a tree, session after session is cut off: its receiving end is killed, or loses its worker in the
// middle of whatever it does. The feed goes on, so that each goes by its cursor alone.

const rounds = Number(process.env["BELAY_CUT_ROUNDS"] ?? 4);
const seed = Number(process.env["BELAY_SEED"] ?? Date.now() % 1_000_000);
/** Where a copy of everything goes when a round does not end equal; undefined: nowhere. */
const keep = process.env["BELAY_SOAK_KEEP"];

test(
  "sessions that are cut off one after the other: the trees become equal, and nothing of ours counts as somebody else's",
  { timeout: 60_000 + rounds * 60_000 },
  async () => {
    using pair = makePair();
    await using feed = await openLastingFeed(pair);
    const writer = new RandomWriter(pair.source, seed);
    for (let i = 0; i < 300; i++) writer.step();
    for (let round = 0; round < rounds; round++) {
      await during(cutOffSessions(pair, feed, round), () => {
        for (let i = 0; i < 3; i++) writer.step();
      });
      {
        await using worker = await startSession(pair, feed, round);
        await worker.checkpoint(within(40_000));
      }
      const wrong = {
        differences: pair.differences(),
        conflicts: readdirSync(join(pair.destination, ".belay-georep/test/conflicts")),
        forgotten: await forgottenAt(pair.destination),
      };
      const isRight = Object.values(wrong).every((list) => list.length === 0);
      if (!isRight && keep !== undefined) execFileSync("cp", ["-a", pair.base, join(keep, `cut-off-${seed}`)]);
      const right = { differences: [], conflicts: [], forgotten: [] };
      expect(wrong, `seed ${seed}, round ${round}, ${writer.done} changes`).toEqual(right);
    }
  },
);

/** Names of what is at the destination and not in its map: right as it is, but taken for somebody else's when it changes. */
async function forgottenAt(destination: string): Promise<string[]> {
  const base = join(destination, ".belay-georep/test");
  using _lock = await lockSession(join(base, "lock"), 10_000); // its receiving end has ended
  using map = new ObjectMap(join(base, "map.sqlite"));
  const names = readdirSync(Buffer.from(destination), { encoding: "buffer", recursive: true });
  const known = names.filter((name) => !name.toString("latin1").startsWith(".belay-georep"));
  const forgotten = known.filter((name) => {
    const path = Buffer.concat([Buffer.from(`${destination}/`), name]);
    return map.byHere(fileIdAt(AT_FDCWD, path), statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)) === undefined;
  });
  return forgotten.map((name) => JSON.stringify(name.toString()));
}
