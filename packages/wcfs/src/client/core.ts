import { formatOid, type Oid } from "@belay/zodb";
import type { Gate } from "./gate.ts";
import type { Orders } from "./pinner/messages.ts";

/** What files and mappings need of their connection. */
export interface ConnCore {
  readonly mountpoint: string;
  /** Everything but moving on comes in together; moving on, and the end, alone. */
  readonly gate: Gate;
  /** How messages begin. */
  context(): string;
  /** Has the pinner do something. */
  call<K extends keyof Orders>(kind: K, args: Orders[K]["args"]): Promise<Orders[K]["result"]>;
}

/** How messages name a file. */
export function fileName(oid: Oid): string {
  return `f<${formatOid(oid)}>`;
}
