import { BelayError } from "@belay/supervise";
import type { Roles } from "./roles.ts";

/**
 * The long-running roles of this program.
 *
 * @throws BelayError `EROLE` in a program that was put together without them
 */
export function requireRoles(roles: Roles | undefined): Roles {
  if (roles !== undefined) return roles;
  throw new BelayError("EROLE", "this program has no monitor, worker and secondary", {
    hint: "it is only for configuration and status; run the full gsyncd",
  });
}
