import type { Tid } from "@belay/zodb";
import { formatTid } from "@belay/zodb";
import type { FileSpace } from "../files/big-file.ts";
import { FilesDirectory, FixedDirectory, type FixedDirectoryInit } from "../tree/directories.ts";
import type { Stream, TreeNode } from "../tree/node.ts";
import { cachedFile, ConversationFile, directFile, TextFile } from "../tree/small-files.ts";

/** What the files and directories that are always there show. */
export interface FixedTreeParts {
  readonly zurl: string;
  /** Milliseconds. */
  readonly pinTimeout: number;
  /** Whether there is a `.wcfs/debug/`. */
  readonly debug: boolean;
  readonly head: FileSpace;
  shownHead(): Tid;
  statistics(): string;
  /** In the text format of Prometheus. */
  metrics(): string;
  openHeadLines(): Stream;
  openLink(pid: number): Stream;
  nextId(): number;
}

/** `.wcfs` and `head`, with everything in them that has a fixed name. */
export function fixedTree(parts: FixedTreeParts): Readonly<Record<string, TreeNode>> {
  const directory = (init: FixedDirectoryInit) => new FixedDirectory(parts.nextId(), init);
  const text = (content: () => string) => new TextFile(parts.nextId(), cachedFile, content);
  const live = (content: () => string) => new TextFile(parts.nextId(), directFile, content);
  const stream = (open: (pid: number) => Stream) => new ConversationFile(parts.nextId(), open);

  const pinTimeout = (parts.pinTimeout / 1000).toFixed(1);
  const debug = parts.debug
    ? { debug: directory({ permissions: 0o755, children: { zhead: stream(() => parts.openHeadLines()) } }) }
    : {};
  return {
    ".wcfs": directory({
      permissions: 0o755,
      children: {
        zurl: text(() => parts.zurl),
        pintimeout: text(() => pinTimeout),
        stats: live(() => parts.statistics()),
        ...debug,
      },
      // The listing is what clients know from elsewhere.
      unlisted: { metrics: live(() => parts.metrics()) },
    }),
    head: directory({
      permissions: 0o555,
      children: {
        bigfile: new FilesDirectory(parts.nextId(), parts.head),
        at: live(tidText(() => parts.shownHead())),
        watch: stream((pid) => parts.openLink(pid)),
      },
      time: () => parts.shownHead(),
    }),
  };
}

// Clients that wait for a commit ask over and over.
function tidText(current: () => Tid): () => string {
  let tid = current();
  let text = formatTid(tid);
  return () => {
    const now = current();
    if (now !== tid) {
      tid = now;
      text = formatTid(now);
    }
    return text;
  };
}
