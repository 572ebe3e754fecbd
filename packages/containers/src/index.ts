/**
 * Images built only when what goes in changed, runs that leave nothing behind.
 *
 * @packageDocumentation
 */
export { dockerPyMain } from "./cli/docker-py.ts";
export { registerContainerKinds } from "./run/release.ts";
