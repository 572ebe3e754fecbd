import type { FileHandle } from "node:fs/promises";
import { normalizeZurl } from "@belay/zodb";
import { sleep, userError } from "@belay/supervise";
import { attach } from "./attach.ts";
import { goQuote } from "./go-quote.ts";

/** Time between two looks, in milliseconds. The server's `.wcfs/zurl` appears when all else is usable. */
const period = 20;

/**
 * Waits until the server serves.
 *
 * @returns an open handle of its `.wcfs/zurl`
 * @throws BelayError `EZURL`: somebody serves another database there, or `ESERVERDIED`
 */
export async function waitReady(zurl: string, mountpoint: string, signal: AbortSignal): Promise<FileHandle> {
  for (;;) {
    signal.throwIfAborted();
    const found = await attach(mountpoint);
    if (found.state === "running") return checkZurl(found.handle, zurl);
    if (found.state === "unclean")
      throw userError("ESERVERDIED", `${mountpoint}: the server died while it was starting`);
    await sleep(period, signal);
  }
}

async function checkZurl(handle: FileHandle, zurl: string): Promise<FileHandle> {
  const served = (await handle.readFile()).toString();
  if (served === zurl || normalizeZurl(served) === normalizeZurl(zurl)) return handle;
  await handle.close();
  throw userError("EZURL", `.wcfs/zurl != zurl  (${goQuote(served)} != ${goQuote(zurl)})`);
}
