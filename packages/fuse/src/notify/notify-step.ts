/** Bytes for a STORE: as they are, a place in a file that the notifying thread reads itself, or zeros. */
export type StoreSource =
  Uint8Array | { readonly fd: number; readonly offset: number; readonly length: number } | { readonly zeros: number };

/** One step of a job of the {@link Notifier}. Each has a result: 0, or -errno. */
export type NotifyStep =
  | {
      readonly kind: "invalInode";
      readonly nodeid: number;
      /** First byte; negative: only the attributes. Default 0. */
      readonly offset?: number;
      /** Default up to the end. */
      readonly length?: number;
    }
  | {
      readonly kind: "invalEntry";
      readonly parent: number;
      readonly name: string | Uint8Array;
      /** FUSE_EXPIRE_ONLY */
      readonly flags?: number;
    }
  | {
      readonly kind: "delete";
      readonly parent: number;
      readonly child: number;
      readonly name: string | Uint8Array;
    }
  | {
      /** The sources one after the other, from `offset` on. */
      readonly kind: "store";
      readonly nodeid: number;
      readonly offset: number;
      readonly sources: readonly StoreSource[];
    }
  | {
      /**
       * Copies cached pages of a file to another file of the same mount: RETRIEVE; if all of them were cached, the path
       * is opened through the mount, the pages are STOREd there up to its size, and it is closed. Both files keep their
       * node number as `ino`.
       *
       * Results of its own: -ENODATA when not all was cached, -ENOTCONN when serving has ended.
       */
      readonly kind: "preserve";
      readonly nodeid: number;
      readonly offset: number;
      readonly length: number;
      /** Path of the other file. */
      readonly path: string | Uint8Array;
    };

/** What the serving thread sends to the notifying one. */
export interface NotifyJob {
  readonly id: number;
  readonly steps: readonly NotifyStep[];
}

/** What the notifying thread is started with. */
export interface NotifierData {
  /** Cloned descriptor of the connection. */
  readonly fd: number;
  /** Memory of the {@link ResultRing}. */
  readonly ring: SharedArrayBuffer;
  /** Memory of the {@link RetrieveInbox}. */
  readonly inbox: SharedArrayBuffer;
  /** Eventfd that tells of results. */
  readonly doneFd: number;
}
