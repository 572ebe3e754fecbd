/** Follows a tree twice through an agent, as somebody who may open no file handles; argv: source, destination, state. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { openLedger, silentLogger } from "@belay/supervise";

import { runAgent } from "../../packages/georep/src/agent/run-agent.ts";
import { connectToAgent } from "../../packages/georep/src/feed/agent-feed.ts";
import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";
import { within } from "./replica.ts";

const [source = "", destination = "", state = ""] = process.argv.slice(2);
{
  using tree = openSourceTree(source);
  if (tree.opensHandles) throw new Error("this user may open handles: nothing is tested");
}
await using ledger = await openLedger(join(state, "run"));
const stop = new AbortController();
const ready = Promise.withResolvers<string>();
const agent = runAgent({
  ...{ source, directory: state, ledger, signal: stop.signal, logger: silentLogger },
  onReady: ({ kind }) => ready.resolve(kind),
});
agent.catch(ready.reject);
process.stdout.write(`${await ready.promise}\n`);
mkdirSync(join(source, "a/b/c"), { recursive: true });
writeFileSync(join(source, "a/b/c/first"), "first");
await follow();
renameSync(join(source, "a/b"), join(source, "b"));
writeFileSync(join(source, "b/c/second"), "second");
mkdirSync(join(source, "a/new"));
writeFileSync(join(source, "a/new/third"), "third");
await follow();
writeFileSync(join(source, "b/c/first"), "changed");
await follow();
// Directories that come and go, also those under the same name, are not remembered.
for (let round = 0; round < 2; round++) {
  for (let i = 0; i < 20; i++) mkdirSync(join(source, `passing ${round}-${i}/below`), { recursive: true });
  mkdirSync(join(source, "again/deep"), { recursive: true });
  await follow();
  for (let i = 0; i < 20; i++) rmSync(join(source, `passing ${round}-${i}`), { recursive: true });
  rmSync(join(source, "again"), { recursive: true });
}
await follow();
if (knownPlaces() !== 4) throw new Error(`${knownPlaces()} directories are remembered, of 4 that there are`);
// Nobody remembers where anything is; and what is to be found is below what is equal.
for (const name of readdirSync(state)) if (name.startsWith("queue.sqlite")) rmSync(join(state, name));
writeFileSync(join(source, "b/c/first"), "changed again");
await follow();
renameSync(join(source, "b"), join(source, "a/new/b"));
await follow();
writeFileSync(join(source, "a/new/b/c/second"), "changed");
await follow();
stop.abort();
await agent;

function knownPlaces(): number {
  using database = new DatabaseSync(join(state, "queue.sqlite"));
  return Number(database.prepare("SELECT count(*) AS n FROM places").get()?.["n"]);
}

async function follow(): Promise<void> {
  const openFeed = () => connectToAgent(state);
  await using worker = await replicate(source, destination, { session: "test", state, openFeed });
  await worker.checkpoint(within(30_000));
}
