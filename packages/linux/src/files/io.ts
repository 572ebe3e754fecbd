import { check, checkRestarting, libc, orNegatedErrno, type Pointer } from "../ffi/libc.ts";

const readNative = libc("int64_t read(int fd, void *buffer, size_t count)");
const writeNative = libc("int64_t write(int fd, void *buffer, size_t count)");
let preadNative = libc(
  "int64_t pread(int fd, void *buffer, size_t count, int64_t offset)",
  (found) => (preadNative = found),
);
let pwriteNative = libc(
  "int64_t pwrite(int fd, void *buffer, size_t count, int64_t offset)",
  (found) => (pwriteNative = found),
);
const lseekNative = libc("int64_t lseek(int fd, int64_t offset, int whence)");
const fsyncNative = libc("int fsync(int fd)");
const fdatasyncNative = libc("int fdatasync(int fd)");
const syncFileRangeNative = libc("int sync_file_range(int fd, int64_t offset, int64_t length, uint32_t flags)");
const SYNC_FILE_RANGE_WRITE = 2;
const syncfsNative = libc("int syncfs(int fd)");
const ftruncateNative = libc("int ftruncate(int fd, int64_t length)");
const fallocateNative = libc("int fallocate(int fd, int mode, int64_t offset, int64_t length)");
const copyFileRangeNative = libc(
  "int64_t copy_file_range(int in, void *offIn, int out, void *offOut, size_t length, uint32_t flags)",
);

export const FALLOC_FL_KEEP_SIZE = 0x01;
export const FALLOC_FL_PUNCH_HOLE = 0x02;
export const FALLOC_FL_ZERO_RANGE = 0x10;

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;
/** Next offset that holds data; ENXIO past the last. */
export const SEEK_DATA = 3;
/** Next hole; the end of a file counts as one. */
export const SEEK_HOLE = 4;

/**
 * read(2) into all of `buffer`. Restarts after EINTR.
 *
 * @returns bytes read, fewer than asked for at the end of a file or from a pipe; 0 at the end
 */
export function read(fd: number, buffer: NodeJS.TypedArray): number {
  return checkRestarting(() => readNative(fd, buffer, buffer.byteLength), "read");
}

/** write(2) of `buffer`, once: the result may be less than its length. Restarts after EINTR. */
export function write(fd: number, buffer: NodeJS.TypedArray): number {
  return checkRestarting(() => writeNative(fd, buffer, buffer.byteLength), "write");
}

/** pread(2) into all of `buffer` from `offset`, without moving the file position. Restarts after EINTR. */
export function pread(fd: number, buffer: NodeJS.TypedArray, offset: number | bigint): number {
  return checkRestarting(() => preadNative(fd, buffer, buffer.byteLength, offset), "pread");
}

/** pwrite(2) of `buffer` at `offset`, once: the result may be less than its length. Restarts after EINTR. */
export function pwrite(fd: number, buffer: NodeJS.TypedArray, offset: number | bigint): number {
  return checkRestarting(() => pwriteNative(fd, buffer, buffer.byteLength, offset), "pwrite");
}

/** read(2) for hot loops: bytes read or -errno, EINTR included. `buffer` must hold `count` bytes. */
export function readRaw(fd: number, buffer: Pointer, count: number): number {
  return orNegatedErrno(readNative(fd, buffer, count));
}

/** write(2) for hot loops: bytes written or -errno, EINTR included. */
export function writeRaw(fd: number, buffer: Pointer, count: number): number {
  return orNegatedErrno(writeNative(fd, buffer, count));
}

/** pread(2) for hot loops: bytes read or -errno, EINTR included. `buffer` must hold `count` bytes. */
export function preadRaw(fd: number, buffer: Pointer, count: number, offset: number | bigint): number {
  return orNegatedErrno(preadNative(fd, buffer, count, offset));
}

/** pwrite(2) for hot loops: bytes written or -errno, EINTR included. */
export function pwriteRaw(fd: number, buffer: Pointer, count: number, offset: number | bigint): number {
  return orNegatedErrno(pwriteNative(fd, buffer, count, offset));
}

/** lseek(2), SEEK_DATA and SEEK_HOLE included. */
export function lseek(fd: number, offset: number | bigint, whence: number): number {
  return check(lseekNative(fd, offset, whence), "lseek");
}

/**
 * fsync(2): data and metadata are on the disk when this returns. An error is told once; the pages may then be clean but
 * lost.
 */
export function fsync(fd: number): void {
  check(fsyncNative(fd), "fsync");
}

/** fdatasync(2): as {@link fsync}, without metadata that reading the data does not need. */
export function fdatasync(fd: number): void {
  check(fdatasyncNative(fd), "fdatasync");
}

/** Has the kernel begin to write what of a file is not on the disk yet (sync_file_range(2)); does not wait for it. */
export function startWriting(fd: number): void {
  check(syncFileRangeNative(fd, 0, 0, SYNC_FILE_RANGE_WRITE), "sync_file_range");
}

/** syncfs(2): the whole file system `fd` lies on. */
export function syncfs(fd: number): void {
  check(syncfsNative(fd), "syncfs");
}

/** ftruncate(2). */
export function ftruncate(fd: number, length: number | bigint): void {
  checkRestarting(() => ftruncateNative(fd, length), "ftruncate");
}

/** fallocate(2). `mode` 0 allocates and grows the file; EOPNOTSUPP where the file system cannot do what is asked. */
export function fallocate(fd: number, mode: number, offset: number | bigint, length: number | bigint): void {
  checkRestarting(() => fallocateNative(fd, mode, offset, length), "fallocate");
}

/**
 * copy_file_range(2) at given offsets, without moving the file positions.
 *
 * @returns bytes copied, 0 at the end of `fdIn`; EXDEV, EOPNOTSUPP and EINVAL ask for a copy by read and write
 */
export function copyFileRange(
  fdIn: number,
  offsetIn: number,
  fdOut: number,
  offsetOut: number,
  length: number,
): number {
  const offsets = new BigInt64Array([BigInt(offsetIn), BigInt(offsetOut)]);
  const call = () => copyFileRangeNative(fdIn, offsets.subarray(0, 1), fdOut, offsets.subarray(1), length, 0);
  return checkRestarting(call, "copy_file_range");
}
