import { createLogger, renderError } from "@belay/supervise";

import { openDirectInput } from "../rpc/direct-input.ts";
import { serveSecondary } from "./serve.ts";

// A process of its own: `node secondary-main.ts DIRECTORY [--child]`, the worker at stdin and stdout, or even our parent.
const [root = "", relation] = process.argv.slice(2);
try {
  await serveSecondary({
    input: openDirectInput(),
    output: process.stdout,
    root,
    isChild: relation === "--child",
    logger: createLogger({ name: "secondary" }),
  });
} catch (error) {
  process.stderr.write(`${renderError(error).text}\n`);
  process.exitCode = 1;
}
