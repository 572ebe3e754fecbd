import { errnoName } from "../errors/belay-error.ts";
import { renderError } from "../errors/render.ts";

/** Exit code of a program that ended because nobody reads its output any more: 128 and the number of SIGPIPE, as shells show it. */
const OUTPUT_CLOSED = 141;

/**
 * Ends the process when its standard output cannot be written: silently when nobody reads it any more (`… | head`), else with the error.
 *
 * For commands that may end at any moment: the runtime ignores SIGPIPE, and would show the error with a stack.
 */
export function endWhenOutputCloses(program: string): void {
  process.stdout.on("error", (error) => {
    if (errnoName(error) === "EPIPE") process.exit(OUTPUT_CLOSED);
    const { text, exitCode } = renderError(error, { program });
    process.stderr.write(`${text}\n`);
    process.exit(exitCode);
  });
}
