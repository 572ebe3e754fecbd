import { close, F_SEAL_SHRINK, getSeals, lookAtFile, looked, mmap, type Mapping } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import type { SharedMemory } from "../rpc/share-messages.ts";
import { openFileOfWorker } from "./worker-file.ts";

/**
 * Maps memory of the worker, read-only. It may change at any time: only the kernel is ever given its address, nothing here looks at what is in it.
 *
 * @param worker  see {@link openFileOfWorker}
 * @throws what that throws, `EBADMSG` when the file may get shorter
 */
export function mapWorkerMemory(worker: number, memory: SharedMemory): Mapping {
  const { size } = memory;
  const file = openFileOfWorker(worker, memory);
  try {
    if ((getSeals(file) & F_SEAL_SHRINK) === 0 || lookAtFile(file) < 0 || looked.size < size)
      throw new BelayError("EBADMSG", "the worker's memory may end too early");
    return mmap({ fd: file, length: size });
  } finally {
    close(file);
  }
}
