import { toError } from "@belay/supervise";
import type { GeorepLeftover } from "@belay/georep";
import type { Leftover } from "./report.ts";

/** Finds what replications have left, and puts it in order when `fix` is set. */
export async function treatGeorep(fix: boolean): Promise<Leftover[]> {
  // Only here: whoever only looks at mounts need not load replication.
  const { georepLeftovers, georepPlaces } = await import("../cli/georep.part.ts");
  const leftovers: Leftover[] = [];
  for (const leftover of georepLeftovers(georepPlaces())) leftovers.push(await treat(leftover, fix));
  return leftovers;
}

async function treat({ kind, text, hint, fix: repair }: GeorepLeftover, fix: boolean): Promise<Leftover> {
  const told = hint === undefined ? { kind, text } : { kind, text, hint };
  if (!fix || repair === undefined) return { ...told, state: "left" };
  try {
    await repair();
    return { ...told, state: "fixed" };
  } catch (error) {
    return { ...told, state: "failed", text: `${text}: ${toError(error).message}` };
  }
}
