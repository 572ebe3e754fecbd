import { MessageChannel, type MessagePort } from "node:worker_threads";
import { startWorker } from "@belay/supervise";
import type { LinkReaderData } from "./link-reader.ts";

/**
 * Starts a thread that reads a link, for servers whose links cannot be polled. It ends when the server closes the link.
 *
 * @param wakeFd  the pinner's eventfd
 * @returns where what it reads arrives
 */
export function startReader(fd: number, wakeFd: number): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const workerData: LinkReaderData = { fd, port: port2, wakeFd };
  const { worker } = startWorker("wcfs-link-reader", new URL("./wcfs-link-reader.worker.ts", import.meta.url), {
    workerData,
    transferList: [port2],
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  return port1;
}
