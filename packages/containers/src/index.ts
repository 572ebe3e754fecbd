/**
 * Images built only when what goes in changed, runs that leave nothing behind.
 *
 * Loading this package loads little: engines, ledger and the rest come with the first command that needs them.
 *
 * @packageDocumentation
 */
export { containerCommands, containerMain, type ContainerOptions } from "./cli/container.ts";
export { dockerPyMain } from "./cli/docker-py.ts";
export type { MountedView, WcfsMounter } from "./run/wcfs.ts";
export type { RunRecord } from "./run/record.ts";

/** Teaches ledger and sweep to release containers, networks and builds; whoever sweeps (`belay doctor`) calls it first. */
export async function registerContainers(): Promise<void> {
  const { registerContainerKinds } = await import("./run/release.ts");
  registerContainerKinds();
}
