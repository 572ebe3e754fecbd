/** Changes a tree by chance until it is killed; argv: the tree, a seed. */
import { setTimeout as sleep } from "node:timers/promises";

import { RandomWriter } from "./random-writer.ts";

const [root = "", seed = ""] = process.argv.slice(2);
const writer = new RandomWriter(root, Number(seed));
for (;;) {
  for (let i = 0; i < 5; i++) writer.step();
  await sleep(5);
}
