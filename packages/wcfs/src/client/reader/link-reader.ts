import type { MessagePort } from "node:worker_threads";
import { closeRaw, errno, ErrnoError, eventfdSignal, readRaw } from "@belay/linux";
import type { LinkNews } from "../pinner/messages.ts";

/** What the thread is started with. */
export interface LinkReaderData {
  /** The watch link; closed here when it has ended. */
  readonly fd: number;
  readonly port: MessagePort;
  /** The pinner's eventfd, signalled after each message. */
  readonly wakeFd: number;
}

/**
 * Reads a watch link to its end. Blocks in read(2), which only the server ends: whoever wants the thread to end says bye to the server.
 */
export function readLink({ fd, port, wakeFd }: LinkReaderData): void {
  const tell = (news: LinkNews) => {
    port.postMessage(news);
    eventfdSignal(wakeFd);
  };
  const buffer = Buffer.allocUnsafeSlow(65536);
  // A function is looked up with its first call. In a process that is about to end, as it may be when the link does, that would abort it.
  closeRaw(-1);
  eventfdSignal(wakeFd, 0);
  for (;;) {
    const length = readRaw(fd, buffer, buffer.length);
    if (length > 0) tell({ kind: "data", bytes: Uint8Array.prototype.slice.call(buffer, 0, length) });
    else if (length !== -errno.EINTR) {
      closeRaw(fd);
      return tell({ kind: "end", error: length === 0 ? undefined : new ErrnoError(-length, "read").code });
    }
  }
}
