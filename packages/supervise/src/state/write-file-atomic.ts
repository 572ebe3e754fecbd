import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Replaces a file as a whole: after a crash at any moment there is the old content or the new one, never a mixture.
 *
 * Temporary file beside it, fsync, rename, fsync of the directory: when this resolves the new content is durable.
 *
 * @param mode  permission bits of the new file, less the umask
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array, { mode = 0o644 } = {}): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${crypto.randomUUID()}.tmp`);
  try {
    await writeDurably(temporary, bytes, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw withPath(error, path);
  }
  await syncDirectory(dirname(path));
}

// What is said of a descriptor does not say which file it was.
function withPath(error: unknown, path: string): unknown {
  if (error instanceof Error && "syscall" in error && !("path" in error)) {
    error.message += ` '${path}'`;
    Object.assign(error, { path });
  }
  return error;
}

async function writeDurably(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, "wx", mode);
  await file.writeFile(bytes);
  await file.sync();
}

/** Makes names that were created, renamed or removed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}
