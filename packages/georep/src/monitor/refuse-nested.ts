import { existsSync, realpathSync } from "node:fs";

import { BelayError } from "@belay/supervise";

/** Directories can only be replicated into others. @throws BelayError `EINVAL` when one lies in the other */
export function refuseNested(source: string, destination: string): void {
  const from = realpathSync(source);
  const to = existsSync(destination) ? realpathSync(destination) : destination;
  if (!`${to}/`.startsWith(`${from}/`) && !`${from}/`.startsWith(`${to}/`)) return;
  throw new BelayError("EINVAL", `${source} and ${destination}: one lies in the other`, {
    hint: "replicate between separate directories",
  });
}
