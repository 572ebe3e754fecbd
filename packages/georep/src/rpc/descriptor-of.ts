import type { Writable } from "node:stream";

/** The descriptor of a socket or pipe as long as the stream has it. Node has no name of its own for it. */
export function descriptorOf(output: Writable): number | undefined {
  const handle: unknown = Reflect.get(output, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}
