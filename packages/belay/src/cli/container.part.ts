import { containerMain } from "@belay/containers";
import { mountWcfs } from "./mount-wcfs.ts";

/** Runs `belay container …`. @param args the words behind `container` @returns the exit code */
export function runContainer(args: readonly string[]): Promise<number> {
  return containerMain(args, { mountWcfs });
}
