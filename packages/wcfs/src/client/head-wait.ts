import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep, userError } from "@belay/supervise";
import type { Tid } from "@belay/zodb";

/** Milliseconds between looks at head: at first, and at most. */
const firstPause = 1;
const longestPause = 16;

/**
 * Waits until the server's head shows a transaction.
 *
 * @throws what the signal says; errno errors: ENOTCONN when the server has died
 */
export async function waitForHead(mountpoint: string, at: Tid, signal?: AbortSignal): Promise<void> {
  for (let pause = firstPause; (await readHead(mountpoint)) < at; pause = Math.min(pause * 2, longestPause)) {
    await sleep(pause, signal);
  }
}

/** The transaction that the server's head shows. */
export async function readHead(mountpoint: string): Promise<Tid> {
  const text = await readFile(join(mountpoint, "head", "at"), "latin1");
  if (!/^[0-9a-f]{16}$/.test(text)) throw userError("EPROTO", `head/at: hex64 ${JSON.stringify(text)} invalid`);
  return BigInt(`0x${text}`);
}
