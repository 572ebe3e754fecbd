import { setTimeout } from "node:timers/promises";
import type { WcfsMounter } from "@belay/containers";
import { BelayError } from "@belay/supervise";
import { join, type Wcfs } from "@belay/wcfs";
import { parseTid } from "@belay/zodb";

/** Milliseconds a server is given to take in a transaction that was committed just now. */
const CATCH_UP = 3000;

/** Gives containers a view of a database: joins its server, or starts one for as long as the view is needed. */
export const mountWcfs: WcfsMounter = async ({ zurl, tid, signal }) => {
  const wcfs = await join(zurl, { signal, autostart: true });
  try {
    const at = tid ?? (await headOf(wcfs));
    if (tid !== undefined) await hasReached(wcfs, zurl, tid, signal);
    const view = `@${at}`;
    // The server makes the view when it is looked for.
    await wcfs.stat(view);
    return { path: wcfs.path(view), tid: at, [Symbol.asyncDispose]: () => letGo(wcfs) };
  } catch (error) {
    await letGo(wcfs);
    throw error;
  }
};

async function headOf(wcfs: Wcfs): Promise<string> {
  return (await wcfs.read("head/at")).toString("latin1");
}

// Looking for a moment that has not come yet would wait for it, perhaps for ever.
async function hasReached(wcfs: Wcfs, zurl: string, tid: string, signal: AbortSignal | undefined): Promise<void> {
  const until = performance.now() + CATCH_UP;
  for (;;) {
    const head = await headOf(wcfs);
    if (parseTid(tid) <= parseTid(head)) return;
    if (performance.now() > until) {
      throw new BelayError("EFUTURE", `${zurl} has no transaction @${tid}: the newest is @${head}`, {
        hint: "belay wcfs log shows which there are; leave @TID out for the newest",
      });
    }
    await setTimeout(50, undefined, { signal });
  }
}

// A server that was there before goes on; one that was started for the view ends with it.
async function letGo(wcfs: Wcfs): Promise<void> {
  await wcfs.close();
  await wcfs.server?.stop();
}
