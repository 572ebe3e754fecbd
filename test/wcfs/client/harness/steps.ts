import type { Client, ClientProcess } from "./client.ts";
import type { ClientWorld } from "./world.ts";

/** A new process that has connected, and opened the world's file. */
export async function connected(world: ClientWorld, at: bigint): Promise<ClientProcess> {
  const client = world.client();
  await client.run(
    async (c, { at, oid }) => {
      c.conns["c"] = await c.wcfs.connect(c.mountpoint, at);
      c.files["f"] = await c.conns["c"].open(oid);
    },
    { at, oid: world.oid },
  );
  return client;
}

/** Maps blocks of the file under a name. */
export function map(client: ClientProcess, name: string, start: number, length: number): Promise<void> {
  return client.run(
    async (c, { name, start, length }) => {
      c.maps[name] = await c.file("f").mmap(start, length);
    },
    { name, start, length },
  );
}

const letters = (c: Client, { name, blk }: { name: string; blk: number }) => {
  const { mem, blkStart, blksize } = c.map(name);
  const at = (blk - blkStart) * blksize;
  return Buffer.from(mem.subarray(at, at + 8))
    .toString("latin1")
    .replace(/\0+$/, "");
};

/** The first letters of a block of a mapping, through memory: touches the page. */
export const at = (client: ClientProcess, name: string, blk: number) => client.run(letters, { name, blk });

/** Which blocks of the file are shown as of which revision. */
export function pinned(client: ClientProcess): Promise<Record<number, bigint>> {
  return client.run(async (c) => Object.fromEntries(await c.file("f").pinned()), {});
}

/** Moves the connection. */
export function resync(client: ClientProcess, to: bigint): Promise<void> {
  return client.run((c, to) => c.conn("c").resync(to), to);
}
