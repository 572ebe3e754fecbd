import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { silentLogger } from "@belay/supervise";

import type { EntryChange, ObjectChange, SessionRules } from "../rpc/messages.ts";
import { forgetSession } from "../secondary/forget.ts";
import { openSession, type Session } from "../secondary/session.ts";
import { fileChange } from "./file-change.ts";

/** A destination with an open session, removed with its scope. */
export interface SessionPlace extends Disposable {
  readonly root: string;
  readonly session: Session;
  /** Names in `held/`. */
  readonly held: () => string[];
  /** Opens the session anew, as the next worker does. */
  readonly reopen: () => Promise<void>;
  /** Forgets the session, and begins another one. */
  readonly forget: () => ReturnType<typeof forgetSession>;
}

/** Id of the source's root. */
export const rootId = Buffer.from("root");

export async function openSessionPlace(more: Partial<SessionRules> = {}): Promise<SessionPlace> {
  const root = mkdtempSync(join(tmpdir(), "belay-session-"));
  const rules = { syncXattrs: true, syncAcls: true, ignoreDeletes: false, setsConflictsAside: true, ...more };
  const options = { root, session: "test", rootId, rules, expected: undefined, logger: silentLogger };
  let session = await openSession(options);
  return {
    root,
    get session() {
      return session;
    },
    held: () => readdirSync(join(root, ".belay-georep", "test", "held")),
    reopen: async () => {
      session[Symbol.dispose]();
      session = await openSession(options);
    },
    forget: async () => {
      session[Symbol.dispose]();
      const told = await forgetSession(root, options.session);
      session = await openSession(options);
      return told;
    },
    [Symbol.dispose]: () => {
      session[Symbol.dispose]();
      rmSync(root, { recursive: true });
    },
  };
}

/** A file that comes with its content. */
export function wholeFile(id: string, text: string, more: Partial<ObjectChange> = {}): ObjectChange {
  const times = { mtime: 1_700_000_000_123_456_789n, ctime: 1_700_000_001_000_000_000n };
  return fileChange(id, { size: text.length, inline: Buffer.from(text), ...times, ...more });
}

/** A name in the root. */
export const entryOf = (name: string, object: number | undefined): EntryChange => ({
  parent: rootId,
  name: Buffer.from(name),
  object,
});
