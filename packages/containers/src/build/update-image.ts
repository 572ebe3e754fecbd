import { randomUUID } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { pack } from "tar-stream";
import type { Pack } from "tar-stream";
import type { Talk } from "../cli/talk.ts";
import { librariesTold } from "../context/copy.ts";
import { readBinfmt } from "../cross/binfmt.ts";
import { addUserInstruction, currentUser } from "../cross/user.ts";

/** What `update` was asked for. */
export interface UpdateRequest {
  readonly tag: string;
  readonly executable: string | undefined;
  readonly addUser: boolean;
}

/** A build context as a tar archive, with its Dockerfile last. */
export interface UpdateContext {
  readonly archive: Pack;
  /** Tells this build's client from others. */
  readonly name: string;
}

/**
 * Makes the context that adds a program, its libraries and a user to an image.
 *
 * @returns undefined when the kernel is not set up for the program; the reason was told
 * @throws errno errors of reading the executable
 */
export function updateContext(request: UpdateRequest, talk: Talk): UpdateContext | undefined {
  const archive = pack();
  let dockerfile = `FROM ${request.tag}\n`;
  if (request.executable !== undefined) {
    const { enabled, interpreter } = readBinfmt(request.executable, talk);
    if (!enabled) {
      talk.say("binfmt_misc not enabled, update disabled");
      return undefined;
    }
    if (interpreter !== undefined) addFile(archive, request.executable, interpreter);
    for (const { path, realPath } of librariesTold(talk, request.executable).found) {
      if (!tryAdd(archive, realPath, path)) talk.say(`Couldn't add ${path} to archive`);
    }
    dockerfile += "ADD . /\n";
  }
  if (request.addUser) dockerfile += `\n${addUserInstruction(currentUser())}`;
  archive.entry({ name: "Dockerfile", mode: 0o644, mtime: new Date(0) }, dockerfile);
  archive.finalize();
  return { archive, name: randomUUID() };
}

// Links are followed: a link to a file outside the archive would be a broken one in the image.
function addFile(archive: Pack, source: string, destination: string): void {
  const { mode, mtime, uid, gid } = statSync(source);
  const name = destination.replace(/^\/+/, "");
  archive.entry({ name, mode: mode & 0o7777, mtime, uid, gid }, readFileSync(source));
}

function tryAdd(archive: Pack, source: string, destination: string): boolean {
  try {
    addFile(archive, source, destination);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
