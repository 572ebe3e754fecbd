import { closeSync, fdatasync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { copySuffix, type LedgerHeader, type LedgerLine, type StoredEntry } from "./ledger-file.ts";

const synchronise = promisify(fdatasync);

/** Appends to a ledger file. */
export interface LedgerWriter {
  /** Writes a line at once; durable when the promise resolves. */
  append(line: LedgerLine): Promise<void>;
  /** Writes a line that need not be durable: after a crash its release is merely repeated. */
  note(line: LedgerLine): void;
  close(): void;
}

/** Size from which a file with few living entries is written anew. */
const compactBytes = 256 * 1024;

/**
 * @param living  the entries that stand, for writing the file anew when it has grown
 */
export function createLedgerWriter(
  path: string,
  header: LedgerHeader,
  living: () => readonly StoredEntry[],
): LedgerWriter {
  let fd = openSync(path, "ax", 0o600);
  let size = write(fd, header);
  let limit = compactBytes;
  fsyncSync(fd);

  const put = (line: LedgerLine) => {
    size += write(fd, line);
    if (size > limit) compact();
  };
  const compact = () => {
    const fresh = openSync(`${path}${copySuffix}`, "w", 0o600);
    size = write(fresh, header);
    for (const { id, entry, acquired } of living()) {
      size += write(fresh, { op: "intend", id, entry });
      if (acquired) size += write(fresh, { op: "acquired", id, patch: {} });
    }
    fsyncSync(fresh);
    renameSync(`${path}${copySuffix}`, path);
    closeSync(fd);
    fd = fresh;
    limit = Math.max(compactBytes, 4 * size);
  };
  return {
    async append(line) {
      put(line);
      const written = fd;
      // Written anew meanwhile, the line is in the new file, which was synchronised as a whole.
      await synchronise(written).catch((error: unknown) => {
        if (written === fd) throw error;
      });
    },
    note: put,
    close: () => closeSync(fd),
  };
}

function write(fd: number, line: LedgerHeader | LedgerLine): number {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  writeSync(fd, bytes);
  return bytes.length;
}
