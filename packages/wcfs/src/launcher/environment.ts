import { userError } from "@belay/supervise";

/** Options for every server that is started from here, from `WENDELIN_CORE_WCFS_OPTIONS`: split at white space, no quoting. */
export function serverOptionsOfEnvironment(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  return (environment["WENDELIN_CORE_WCFS_OPTIONS"] ?? "").split(/\s+/).filter((word) => word !== "");
}

/**
 * Whether join starts a server when none runs and the caller does not say: `WENDELIN_CORE_WCFS_AUTOSTART`, `yes` (the default) or `no`.
 *
 * @throws BelayError `EENVIRONMENT` for any other value
 */
export function autostartOfEnvironment(environment: NodeJS.ProcessEnv = process.env): boolean {
  const value = environment["WENDELIN_CORE_WCFS_AUTOSTART"] ?? "yes";
  const answer = { yes: true, no: false }[value.toLowerCase()];
  if (answer === undefined) {
    throw userError("EENVIRONMENT", `WENDELIN_CORE_WCFS_AUTOSTART is "${value}"`, { hint: "set it to yes or no" });
  }
  return answer;
}
