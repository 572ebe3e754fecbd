import { errnoOf } from "@belay/linux";
import { BelayError, errnoName, hasCode, toError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import type { Failure } from "./messages.ts";

const noName = Buffer.alloc(0);

const sick = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "ENOMEM", "EMFILE"] as const;

/** Tells whether the destination as a whole takes nothing just now: then nothing of a batch can be done, and it is tried again until it succeeds. */
export const isSick = (error: unknown): boolean => hasCode(error, ...sick);

/** An object that could not be dealt with, whatever it is called. */
export function failureOf(id: FileId, code: string, error: unknown): Failure {
  return { id, name: noName, code, message: toError(error).message };
}

/** As {@link failureOf}, of an error of the file system. @throws the error, when it is none */
export function errnoFailure(id: FileId, error: unknown): Failure {
  const code = errnoName(error);
  if (code === undefined) throw error;
  return failureOf(id, code, error);
}

/** Code of what the other end says about the content of one file; undefined when that is not about the file, or nothing it said. */
export function codeOfFile(error: unknown): string | undefined {
  if (hasCode(error, "EEXIST")) return "EEXIST"; // something there is in the way
  if (hasCode(error, "EBADMSG", "ENOENT")) return "EBADMSG";
  const isRemote = error instanceof BelayError && error.facts["remote"] === true;
  return isRemote && errnoOf(error) !== undefined && !isSick(error) ? error.code : undefined;
}
