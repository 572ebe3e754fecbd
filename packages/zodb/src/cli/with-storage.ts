import type { Storage } from "../storage.ts";
import { openStorage } from "../zurl/index.ts";
import type { CommandIo } from "./io.ts";

/** Opens a database for reading, tells how that goes on, and closes it in the end. */
export async function withStorage<T>(zurl: string, io: CommandIo, use: (storage: Storage) => Promise<T>): Promise<T> {
  const phase = io.progress?.phase("index", "bytes");
  let done = 0;
  await using storage = await openStorage(zurl, {
    onProgress: ({ bytes, total }) => {
      if (done === 0) phase?.expect(total);
      phase?.advance(bytes - done);
      done = bytes;
    },
  });
  phase?.end();
  return await use(storage);
}
