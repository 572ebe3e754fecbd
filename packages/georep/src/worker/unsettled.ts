import { keyOf } from "../ids/file-id.ts";
import type { ObjectChange } from "../rpc/messages.ts";
import { isRegular } from "../tree/object-state.ts";

/**
 * Files whose content may be on its way: from the request that tells of them to the end of their content. Until then nothing else may be said of
 * them, as it would meet a file that is half there.
 */
export class Unsettled {
  readonly #files = new Map<string, Promise<void>>();

  /** What has to be waited for before these objects may be told of; undefined: nothing. */
  before(objects: readonly ObjectChange[]): Promise<unknown> | undefined {
    if (this.#files.size === 0) return undefined;
    const found = objects.flatMap(({ id }) => this.#files.get(keyOf(id)) ?? []);
    return found.length === 0 ? undefined : Promise.all(found);
  }

  /** Notes that these objects are told of. @returns to be called when all that is asked for is sent */
  begin(objects: readonly ObjectChange[]): () => void {
    const keys = objects.filter(mayBeAskedFor).map(({ id }) => keyOf(id));
    if (keys.length === 0) return () => undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const settled = promise.then(() => undefined);
    for (const key of keys) this.#files.set(key, settled);
    return () => {
      for (const key of keys) if (this.#files.get(key) === settled) this.#files.delete(key);
      resolve(undefined);
    };
  }
}

const mayBeAskedFor = ({ mode, size, inline }: ObjectChange): boolean =>
  isRegular(mode) && size > 0 && inline === undefined;
