/** What a reader of the mounted file sees. The file is cold: the mount is fresh, the backing file is in memory. */
import { close, MADV_RANDOM, mmap, O_RDONLY, open, pageSize, readRaw, statx, AT_FDCWD } from "@belay/linux";

/** MB/s (10^6 bytes) of read(2) from begin to end, 1 MiB a call. */
export function sequential(path: string): number {
  const buffer = Buffer.alloc(1 << 20);
  const fd = open(path, O_RDONLY);
  const started = performance.now();
  let total = 0;
  for (let length = readRaw(fd, buffer, buffer.length); length > 0; length = readRaw(fd, buffer, buffer.length))
    total += length;
  const elapsed = performance.now() - started;
  close(fd);
  return total / elapsed / 1000;
}

/** Page faults a second, of pages in random order through a mapping without read-ahead. */
export function randomFaults(path: string, count: number): number {
  const fd = open(path, O_RDONLY);
  const { size } = statx(AT_FDCWD, path);
  using mapping = mmap({ fd, length: size });
  close(fd);
  mapping.advise(MADV_RANDOM);
  const bytes = mapping.view();
  const pages = shuffled(Math.floor(size / pageSize())).slice(0, count);
  let sum = 0;
  const started = performance.now();
  for (const page of pages) sum += bytes[page * pageSize()] ?? 0;
  const elapsed = performance.now() - started;
  if (sum === 0) throw new Error("the mapping is empty");
  return (pages.length / elapsed) * 1000;
}

/** stat(2) a second, none of them answered from the kernel's cache. */
export function stats(path: string, count: number): number {
  const started = performance.now();
  for (let index = 0; index < count; index++) statx(AT_FDCWD, path);
  return (count / (performance.now() - started)) * 1000;
}

// The same order in every run.
function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  let state = 12345;
  for (let last = count - 1; last > 0; last--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const other = state % (last + 1);
    [numbers[last], numbers[other]] = [numbers[other] ?? 0, numbers[last] ?? 0];
  }
  return numbers;
}
