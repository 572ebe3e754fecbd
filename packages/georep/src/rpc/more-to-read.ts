import type { Readable } from "node:stream";

import { POLLIN, pollRaw, PollSet } from "@belay/linux";

/**
 * Tells whether something waits in a stream's descriptor that was not read yet, as Node reads no more than 64 KiB ahead.
 *
 * @returns always false for streams without a descriptor
 */
export function moreToRead(input: Readable): () => boolean {
  const fd: unknown = Reflect.get(input, "fd");
  if (typeof fd !== "number" || fd < 0) return () => false;
  const set = new PollSet(1);
  set.add(fd, POLLIN);
  return () => !input.destroyed && pollRaw(set, 0) > 0;
}
