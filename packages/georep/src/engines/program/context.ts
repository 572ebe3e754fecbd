import type { Ledger, Logger } from "@belay/supervise";

import type { FileId } from "../../ids/file-id.ts";
import type { SyncPolicy } from "../../policy/policy.ts";

/** Where programs work. */
export interface ProgramPlace {
  /** Directory of our own; what is in it is removed. */
  readonly directory: string;
  /** Program and arguments that lead to the destination's machine, the machine's name last; undefined: it is this one. */
  readonly shell?: readonly string[] | undefined;
  readonly logger: Logger;
  /** A program whose worker is killed is found in it, and ended before the next one writes to the same stage. */
  readonly ledger?: Ledger | undefined;
}

/** A call of a program. */
export interface ProgramCall {
  readonly place: ProgramPlace;
  readonly policy: SyncPolicy;
  /** Names in the directory that are to be sent. */
  readonly names: readonly string[];
  /** Directory at the destination that they are put into. */
  readonly stage: Buffer;
}

/** A file whose content is wanted, open. */
export interface FileToSend {
  readonly id: FileId;
  readonly fd: number;
}
