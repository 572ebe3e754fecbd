import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { replicate } from "../../packages/georep/src/monitor/replicate.ts";
import { benchPlace, receivingEnd, secondaryBeside, secondaryThrough } from "./place.ts";

// How long after a file was made it is visible at the destination: `node bench/georep/latency.ts [PARENT [RATE …]]`.
const [parent, ...rates] = process.argv.slice(2);
await using place = await benchPlace(parent);
const writer = fileURLToPath(new URL("./latency-writer.ts", import.meta.url));

process.stdout.write(`receiving end: ${receivingEnd}\n`);
await measure("local", undefined);
if (place.ssh !== undefined) await measure("ssh", place.ssh.sessionSsh);

async function measure(way: string, prefix: readonly string[] | undefined): Promise<void> {
  const [source, destination] = [place.fresh("source"), place.fresh("destination")];
  const secondaryCommand = prefix === undefined ? secondaryBeside(destination) : secondaryThrough(prefix, destination);
  const state = place.fresh("state");
  await using worker = await replicate(source, destination, {
    session: "bench",
    state: join(state, way),
    secondaryCommand,
  });
  await worker.checkpoint();
  for (const rate of rates.length > 0 ? rates.map(Number) : [10, 1000, 10_000]) {
    const count = Math.max(40, Math.min(3 * rate, 20_000));
    const args = [writer, source, destination, String(rate), String(count)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    process.stdout.write(`${way}, ${rate} changes/s: ${stdout}`);
    await worker.checkpoint();
  }
}
