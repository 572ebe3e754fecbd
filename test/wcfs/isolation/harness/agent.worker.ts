import { openSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { MADV_RANDOM, mmap } from "@belay/linux";

interface Order {
  readonly kind: "open" | "map";
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const { kind, path, offset, length } = workerData as Order;

if (kind === "open") {
  parentPort?.postMessage({ fd: openSync(path, "r+") });
} else {
  const mapping = mmap({ fd: openSync(path, "r"), offset, length });
  // One page a fault: no read-ahead.
  mapping.advise(MADV_RANDOM);
  const bytes = mapping.view();
  parentPort?.postMessage({ address: mapping.address });
  parentPort?.on("message", (touch: { id: number; offset: number; length: number }) => {
    const copy = Buffer.from(bytes.subarray(touch.offset, touch.offset + touch.length));
    parentPort?.postMessage({ id: touch.id, base64: copy.toString("base64") });
  });
}
