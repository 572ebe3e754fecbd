import { BelayError } from "@belay/supervise";

/** No engine answered. */
export function noEngine(tried: readonly string[]): BelayError {
  const list = tried.map((command) => `\n  ${command}`).join("");
  return new BelayError("ENOENGINE", `Cannot find working engine command. Tried:${list}`, {
    hint: "install podman, or start the docker daemon; --engine asks for one of them",
    tried,
  });
}

/**
 * The engine refused or failed.
 *
 * @param status exit status, or minus the number of the signal
 * @param detail what it printed, where that was not shown already
 */
export function engineFailed(argv: readonly string[], status: number, detail = ""): BelayError {
  const how = status < 0 ? `died with signal ${-status}` : `returned non-zero exit status ${status}`;
  const text = `Command '${argv.join(" ")}' ${how}.`;
  return new BelayError("EENGINE", detail === "" ? text : `${text} ${detail}`, { argv, status });
}
