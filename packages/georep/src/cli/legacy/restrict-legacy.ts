import { BelayError } from "@belay/supervise";
import type { LegacyCall } from "./parse-legacy.ts";

const allowed = new Set(["listen", "go_daemon", "timeout", "session_owner", "config_file", "use_rsync_xattrs"]);

/**
 * Lets a call through that a launcher took from ssh: a receiving end, with few options.
 *
 * @throws BelayError `ERESTRICTED`
 */
export function checkRestrictedLegacy({ given, local, config, paths }: LegacyCall): void {
  const banned = [...given, ...(paths.length > 0 ? ["path"] : []), ...(config === undefined ? [] : ["config"])];
  const refused = [...new Set(banned)].filter((name) => !allowed.has(name));
  if (refused.length > 0) {
    throw restricted(`following tunables cannot be set with restricted SSH invocaton: ${refused.join(", ")}`);
  }
  if (!local.has("listen")) {
    throw restricted("tunable listen is not set to value True required for restricted SSH invocaton");
  }
}

function restricted(problem: string): BelayError {
  return new BelayError("ERESTRICTED", problem);
}
