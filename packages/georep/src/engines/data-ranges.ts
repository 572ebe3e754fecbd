import { errno, errnoOf, lseek, SEEK_DATA, SEEK_HOLE } from "@belay/linux";

/** The parts of a file that are not holes. */
export function* dataRanges(fd: number, size: number): Generator<{ start: number; end: number }> {
  for (let at = 0; at < size;) {
    const start = seek(fd, at, SEEK_DATA);
    if (start === undefined) return;
    const end = seek(fd, start, SEEK_HOLE) ?? size;
    yield { start, end };
    at = end;
  }
}

function seek(fd: number, offset: number, whence: number): number | undefined {
  try {
    return lseek(fd, offset, whence);
  } catch (error) {
    if (errnoOf(error) === errno.ENXIO) return undefined;
    throw error;
  }
}
