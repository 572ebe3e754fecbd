import { errnoName, toError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import type { Failure } from "./messages.ts";

const noName = Buffer.alloc(0);

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
