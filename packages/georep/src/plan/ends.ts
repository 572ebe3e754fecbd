import type { ProgramPlace } from "../engines/program/context.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { Secondary } from "../rpc/secondary-client.ts";
import type { SourceTree } from "../sources/source-tree.ts";

/** Both ends of a replication, and what holds between them. */
export interface Ends {
  readonly tree: SourceTree;
  readonly secondary: Secondary;
  readonly policy: SyncPolicy;
  /** Where rsync or tar work, when one of them is the engine. */
  readonly programs: ProgramPlace;
}
