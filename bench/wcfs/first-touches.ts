import { close, MADV_RANDOM, mmap, O_RDONLY, open, pageSize, statx, AT_FDCWD } from "@belay/linux";

/** Microseconds that the first fault in each block of a mapped file takes, sorted. Blocks come in a scattered order, without read-ahead. */
export function firstTouches(path: string, blksize: number): number[] {
  const fd = open(path, O_RDONLY);
  const { size } = statx(AT_FDCWD, path);
  using mapping = mmap({ fd, length: size });
  close(fd);
  mapping.advise(MADV_RANDOM);
  const bytes = mapping.view();
  const blocks = Math.floor(size / blksize);
  const times: number[] = [];
  let sum = 0;
  for (let i = 0; i < blocks; i++) {
    const blk = (i * 97) % blocks;
    const page = (i * 131) % (blksize / pageSize());
    const started = performance.now();
    sum += bytes[blk * blksize + page * pageSize()] ?? 0;
    times.push((performance.now() - started) * 1000);
  }
  if (sum === 0) throw new Error("the mapping is empty");
  return times.sort((a, b) => a - b);
}
