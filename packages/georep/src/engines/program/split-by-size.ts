/** What a process is worth: for less it is not started. In bytes. */
const worthAProcess = 8 * 1024 * 1024;

/**
 * Shares files out among processes, so that all have about as much to carry.
 *
 * @param most  processes at once
 * @returns a list for each process, none of them empty
 */
export function splitBySize<T extends { readonly size: number }>(files: readonly T[], most: number): T[][] {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const count = Math.max(1, Math.min(most, files.length, Math.floor(total / worthAProcess)));
  const shares = Array.from({ length: count }, () => ({ size: 0, files: [] as T[] }));
  for (const file of [...files].sort((a, b) => b.size - a.size)) {
    const smallest = shares.reduce((least, share) => (share.size < least.size ? share : least));
    smallest.files.push(file);
    smallest.size += file.size;
  }
  return shares.map((share) => share.files).filter((share) => share.length > 0);
}
