import type { WcfsMounter } from "@belay/containers";
import { join, type Wcfs } from "@belay/wcfs";

/** Gives containers a view of a database: joins its server, or starts one for as long as the view is needed. */
export const mountWcfs: WcfsMounter = async ({ zurl, tid, signal }) => {
  const wcfs = await join(zurl, { signal, autostart: true });
  try {
    const at = tid ?? (await wcfs.read("head/at")).toString("latin1");
    const view = `@${at}`;
    // The server makes the view when it is looked for, and refuses a transaction that is not there yet.
    await wcfs.stat(view);
    return { path: wcfs.path(view), tid: at, [Symbol.asyncDispose]: () => letGo(wcfs) };
  } catch (error) {
    await letGo(wcfs);
    throw error;
  }
};

// A server that was there before goes on; one that was started for the view ends with it.
async function letGo(wcfs: Wcfs): Promise<void> {
  await wcfs.close();
  await wcfs.server?.stop();
}
