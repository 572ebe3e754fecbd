import { replicate } from "../../packages/georep/src/monitor/replicate.ts";

// One first copy by a process of its own, which knows nothing of earlier ones: `node bench/georep/copy-once.ts SOURCE DESTINATION STATE PROGRAM ARGUMENT …`,
// the program being the receiving end. Prints the seconds until all of it is durable.
const [source = "", destination = "", state = "", ...secondaryCommand] = process.argv.slice(2);
const start = performance.now();
await using worker = await replicate(source, destination, { session: "bench", state, secondaryCommand });
await worker.checkpoint();
process.stdout.write(`${(performance.now() - start) / 1000}\n`);
