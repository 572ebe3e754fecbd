import { BelayError } from "@belay/supervise";
import { checkOption, requireOption } from "../config/change-config.ts";

/** An option and its value, as they will be stored. */
export type GivenOption = readonly [name: string, value: string];

/**
 * Reads `NAME=VALUE`, and tells at once what could not be stored.
 *
 * @throws BelayError `EUSAGE`, `ENAME`, `EVALUE`, `ENOTCONF`, all of them with exit code 2
 */
export function parseOption(text: string): GivenOption {
  const [name = "", ...rest] = text.split("=");
  if (rest.length === 0) {
    throw new BelayError("EUSAGE", `'${text}' is no option with a value`, { hint: "write it NAME=VALUE" });
  }
  return [name, checkedValue(name, rest.join("="))];
}

/** The value, if an option may have it. @throws as {@link parseOption} */
export function checkedValue(name: string, value: string): string {
  return calledWrongly(() => {
    checkOption(name, value);
    if (!requireOption(name).configurable) {
      throw new BelayError("ENOTCONF", `Not configurable "${name}"`, { hint: "it is set by the session itself" });
    }
    return value;
  });
}

/** Has what is wrong with an option's name or value end the command with 2: it was called wrongly. */
export function calledWrongly<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BelayError)) throw error;
    const { code, message, hint } = error;
    const more = hint ?? (code === "ENAME" ? "belay georep config SRC DST list --all shows the options" : undefined);
    throw new BelayError(code, message, { exitCode: 2, hint: more });
  }
}
