import { getSystemErrorMap } from "node:util";

import { errno as errnoTable, errnoName } from "./errno-table.ts";

/**
 * A system call failed.
 *
 * `code` and `syscall` mean what they mean in the errors of `node:fs`, so callers tell both kinds by `code` alone.
 * `errno` is the positive number of errno(3) (Node's own errors carry it negated).
 */
export class ErrnoError extends Error {
  override readonly name = "ErrnoError";
  /** Name of the error, such as `ENOENT`. */
  readonly code: string;
  /** Positive error number. */
  readonly errno: number;
  /** The system call, such as `mount`. */
  readonly syscall: string;
  /** What the call was about, usually a path, printable. */
  readonly path: string | undefined;

  /**
   * @param number  positive error number
   * @param path  bytes are shown as UTF-8
   */
  constructor(number: number, syscall: string, path?: string | Uint8Array) {
    const code = errnoName(number);
    const subject = typeof path === "string" || path === undefined ? path : Buffer.from(path).toString();
    super(`${code}: ${describe(number)}, ${syscall}${subject === undefined ? "" : ` '${subject}'`}`);
    this.code = code;
    this.errno = number;
    this.syscall = syscall;
    this.path = subject;
  }
}

/**
 * Positive errno of any error that carries one: an `ErrnoError`, an error of `node:fs`, anything with a known `code`.
 *
 * @returns undefined for errors that are not about a system call
 */
export function errnoOf(error: unknown): number | undefined {
  if (error instanceof ErrnoError) return error.errno;
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return (errnoTable as Readonly<Record<string, number>>)[error.code];
}

// Node makes the whole table anew for every call; looking for names that are not there is no rare case.
let descriptions: ReturnType<typeof getSystemErrorMap> | undefined;

function describe(number: number): string {
  descriptions ??= getSystemErrorMap();
  return descriptions.get(-number)?.[1] ?? "unknown error";
}
