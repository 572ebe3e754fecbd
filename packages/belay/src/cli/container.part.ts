import { containerMain } from "@belay/containers";
import type { WcfsMounter } from "@belay/containers";

/** Runs `belay container …`. @param args the words behind `container` @returns the exit code */
export function runContainer(args: readonly string[]): Promise<number> {
  return containerMain(args, { mountWcfs });
}

// Few runs want a database, and none of the builds.
const mountWcfs: WcfsMounter = async (wanted) => {
  const mounting = await import("./mount-wcfs.ts");
  return await mounting.mountWcfs(wanted);
};
