import type { Progress } from "./generation.ts";

/** How to open a FileStorage. */
export interface FileStorageOptions {
  /** Default true. */
  readonly readOnly?: boolean;
  /** Makes the file when it is not there; never empties one that is. Default false. */
  readonly create?: boolean;
  /** Told now and then while the index is built. */
  readonly onProgress?: (progress: Progress) => void;
  /** Told, of a file opened for reading, that not all of it can be shown. Default: a warning of the process. */
  readonly onWarning?: (text: string) => void;
  /** Gives up opening. */
  readonly signal?: AbortSignal;
  /**
   * Has the data of a commit on the disk before its status says finished (one more disk flush for each commit). Default true:
   * a power failure between the two could otherwise leave a finished transaction without its data.
   */
  readonly syncBeforeFinish?: boolean;
  /** Files kept open from before packs, for views of the past; each keeps its disk space. Default 2. */
  readonly keepGenerations?: number;
}
