/** Follows a tree as somebody who may not look into all of it; argv: source, destination, state. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { within } from "./replica.ts";

const [source = "", destination = "", state = ""] = process.argv.slice(2);
const at = (...names: string[]) => join(source, ...names);

mkdirSync(at("closed", "below"), { recursive: true });
writeFileSync(at("closed", "below", "f"), "seen later");
chmodSync(at("closed"), 0);
writeFileSync(at("secret"), "1", { mode: 0 });
await using worker = await replicate(source, destination, { session: "test", state, sourceKind: "inotify" });
writeFileSync(at("open"), "not held up");
await failures("EACCES closed, EACCES secret");
tell();
chmodSync(at("closed"), 0o755);
chmodSync(at("secret"), 0o644);
await worker.checkpoint(within(30_000));
// It is watched now.
writeFileSync(at("closed", "below", "f"), "changed");
await worker.checkpoint(within(30_000));
// One that is closed while it is watched, and changes below it.
chmodSync(at("closed"), 0o444);
writeFileSync(at("later"), "");
await sleep(200);
chmodSync(at("closed"), 0o755);
mkdirSync(at("closed", "new"));
writeFileSync(at("closed", "new", "g"), "g");
await worker.checkpoint(within(30_000));
tell();

function found(): string[] {
  return worker.retries().map(({ code, path }) => `${code} ${path?.toString() ?? ""}`);
}

async function failures(wanted: string): Promise<void> {
  const signal = within(30_000);
  while (found().sort().join(", ") !== wanted) await sleep(50, undefined, { signal });
}

function tell(): void {
  process.stdout.write(`${found().sort().join(", ")}\n`);
}
