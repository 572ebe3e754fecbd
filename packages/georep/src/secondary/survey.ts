import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { close, open, O_DIRECTORY, O_PATH } from "@belay/linux";

import {
  maxSurveyed,
  maxSurveyedBytes,
  type SurveyedName,
  type SurveyReply,
  type SurveyRequest,
} from "../rpc/survey-messages.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { namesIn } from "../tree/names-in.ts";
import { deviceOf, isGone, readObjectAt, statAt } from "../tree/read-object.ts";
import { BegunListings } from "./begun-listings.ts";
import { openDirectoryAt } from "./beneath.ts";

/** What a survey is made of. */
export interface SurveyOptions {
  readonly root: string;
  /** Whose memory is asked for. */
  readonly session: string;
  /** What lies on another file system than the root counts as not there. */
  readonly staysOnDevice?: boolean;
}

/** Tells whether a destination has the memory of a session. */
export function isRemembered(root: string, session: string): boolean {
  return existsSync(join(root, stateDirectoryName, session, "map.sqlite"));
}

/** Looks at directories by their path below a root, through no link, and changes nothing. */
export class Survey {
  readonly #options: SurveyOptions;
  readonly #begun = new BegunListings();

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** @throws errno errors of directories that may not be read */
  survey({ path, after }: SurveyRequest): SurveyReply {
    const { root, session } = this.#options;
    const about = {
      isKnown: isRemembered(root, session),
      isWritable: isWritable(root),
      owns: process.geteuid?.() === 0,
    };
    const fd = openPath(root, path);
    if (fd === undefined) return { ...about, found: false, upTo: "", names: [] };
    try {
      return { ...about, found: true, ...this.#portion(fd, path, after) };
    } finally {
      close(fd);
    }
  }

  #portion(fd: number, path: readonly Buffer[], after: string): Pick<SurveyReply, "upTo" | "names"> {
    const key = path.map((name) => name.toString("latin1")).join("/");
    const all = this.#begun.take(key, after, () => namesIn(fd, path.length === 0));
    const device = this.#options.staysOnDevice === true ? deviceAt(fd) : undefined;
    const names: SurveyedName[] = [];
    let [bytes, last] = [0, ""];
    for (const name of all) {
      if (name <= after) continue;
      if (names.length >= maxSurveyed || bytes > maxSurveyedBytes) {
        this.#begun.keep(key, all);
        return { upTo: last, names };
      }
      const state = readObjectAt(fd, Buffer.from(name, "latin1"), device);
      last = name;
      if (state === undefined) continue;
      names.push({ name, state });
      bytes += state.xattrs.reduce((sum, xattr) => sum + xattr.name.length + xattr.value.length, 300);
    }
    return { upTo: "", names };
  }
}

function openPath(root: string, path: readonly Buffer[]): number | undefined {
  let fd: number | undefined;
  try {
    fd = open(root, O_PATH | O_DIRECTORY);
    for (const name of path) {
      const next = openDirectoryAt(fd, name);
      close(fd);
      fd = next;
    }
    return fd;
  } catch (error) {
    if (fd !== undefined) close(fd);
    if (isGone(error)) return undefined;
    throw error;
  }
}

const nothing = Buffer.alloc(0);

function deviceAt(fd: number): string | undefined {
  const stat = statAt(fd, nothing);
  return stat && deviceOf(stat);
}

// What is not there yet is made where its nearest parent is.
function isWritable(path: string): boolean {
  if (!existsSync(path)) return isWritable(dirname(path));
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
