import { errno, errnoOf, lseek, SEEK_DATA, SEEK_HOLE } from "@belay/linux";

/** The parts of a file that are not holes, between two offsets. */
export function* dataRanges(fd: number, to: number, from = 0): Generator<{ start: number; end: number }> {
  for (let at = nextData(fd, from); at < to; at = nextData(fd, at)) {
    const start = at;
    at = Math.min(seek(fd, at, SEEK_HOLE) ?? to, to);
    yield { start, end: at };
  }
}

/** Where data goes on at or behind an offset; the end of all when nothing but a hole follows. */
export function nextData(fd: number, offset: number): number {
  return seek(fd, offset, SEEK_DATA) ?? Infinity;
}

function seek(fd: number, offset: number, whence: number): number | undefined {
  try {
    return lseek(fd, offset, whence);
  } catch (error) {
    if (errnoOf(error) === errno.ENXIO) return undefined;
    throw error;
  }
}
