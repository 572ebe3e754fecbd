/** A pid file that only one live process can hold. */
export interface PidLock extends AsyncDisposable {
  readonly path: string;
}

/** A lock of flock(2) on a file, which stays; ends with its holder, however that ends. */
export interface FileLock extends Disposable {
  readonly path: string;
  /** Descriptor that holds the lock. A copy in another process, through exec or spawn, holds it too, until the last is closed. */
  readonly fd: number;
}
