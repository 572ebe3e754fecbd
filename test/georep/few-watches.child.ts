/** Begins to watch where there may be twenty watches, in a user namespace of its own, and tells the code of what that comes to; argv: the source. */
import { writeFileSync } from "node:fs";

import { hasCode, silentLogger } from "@belay/supervise";

import { openSource } from "../../packages/georep/src/sources/open-source.ts";
import { openSourceTree } from "../../packages/georep/src/sources/source-tree.ts";

const [path = ""] = process.argv.slice(2);
writeFileSync("/proc/sys/user/max_inotify_watches", "20");
using tree = openSourceTree(path);
const context = { tree, path, tell: () => undefined, scanEveryMs: 1000, logger: silentLogger };
try {
  await openSource(context, "inotify");
} catch (error) {
  process.stdout.write(hasCode(error, "EWATCHES") ? "EWATCHES\n" : String(error));
}
