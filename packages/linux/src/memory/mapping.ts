import { ErrnoError } from "../errno/errno-error.ts";
import { check, lastErrno, libc, type Pointer } from "../ffi/libc.ts";
import { loadKoffi } from "../ffi/load-koffi.ts";
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from "./map-flags.ts";

const mmapNative = libc(
  "intptr_t mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)",
);
const munmapNative = libc("int munmap(uintptr_t address, size_t length)");
const mprotectNative = libc("int mprotect(uintptr_t address, size_t length, int protection)");
const madviseNative = libc("int madvise(uintptr_t address, size_t length, int advice)");
const mincoreNative = libc("int mincore(uintptr_t address, size_t length, void *pages)");
const msyncNative = libc("int msync(uintptr_t address, size_t length, int flags)");
const getpagesizeNative = libc("int getpagesize()");
const mlockNative = libc("int mlock(uintptr_t address, size_t length)");

/** Bytes of a page of this machine. */
export function pageSize(): number {
  return (knownPageSize ||= getpagesizeNative());
}

/** The largest array a mapping is shown as: a view of more than 4 GiB would abort the process. */
export const maxViewLength = 0xffff_f000;

/** What to map. */
export interface MapRequest {
  readonly length: number;
  /** PROT_…, default PROT_READ. */
  readonly protection?: number;
  /** MAP_…, default MAP_SHARED of a file and MAP_PRIVATE | MAP_ANONYMOUS without one. */
  readonly flags?: number;
  /** -1 or absent for anonymous memory. */
  readonly fd?: number;
  /** A multiple of the page size. */
  readonly offset?: number;
  /** Only with MAP_FIXED: this replaces what is mapped there. */
  readonly address?: number;
}

/**
 * Mapped memory.
 *
 * - A page of a file that cannot be read (an I/O error, a truncated file, an EIO of a FUSE server) raises SIGBUS when
 *   it is touched, which ends the process; no handler can be written for it in JavaScript.
 * - A process must not map files of a mount that it serves itself: V8 may need the lock of the address space that the
 *   fault holds.
 * - Views are ordinary `Uint8Array`s over the memory, not copies. `structuredClone` and `postMessage` copy them
 *   silently, also when told to transfer them.
 */
export class Mapping implements Disposable {
  readonly address: number;
  readonly length: number;
  readonly #views = new Set<object>();
  // Weak: what nobody uses any more is collected, also while it is mapped.
  #whole: WeakRef<ArrayBuffer> | undefined;
  #mapped = true;

  /** @internal Use {@link mmap}. */
  constructor(address: number, length: number) {
    this.address = address;
    this.length = length;
  }

  /** False after {@link unmap}. */
  get mapped(): boolean {
    return this.#mapped;
  }

  /**
   * The memory as bytes. All views of mappings up to {@link maxViewLength} share one ArrayBuffer and cost little.
   *
   * @throws RangeError beyond the mapping, or for one view of more than {@link maxViewLength}
   */
  view(offset = 0, length = this.length - offset): Uint8Array {
    this.#checkRange(offset, length);
    if (this.length > maxViewLength) return new Uint8Array(this.#makeBuffer(offset, length));
    const known = this.#whole?.deref();
    const whole = known ?? this.#makeBuffer(0, this.length);
    if (known === undefined) this.#whole = new WeakRef(whole);
    return new Uint8Array(whole, offset, length);
  }

  /** mprotect(2) of whole pages. */
  protect(protection: number, offset = 0, length = this.length - offset): void {
    this.#checkRange(offset, length);
    check(mprotectNative(this.address + offset, length, protection), "mprotect");
  }

  /** madvise(2) of whole pages. */
  advise(advice: number, offset = 0, length = this.length - offset): void {
    this.#checkRange(offset, length);
    check(madviseNative(this.address + offset, length, advice), "madvise");
  }

  /**
   * mincore(2): one byte a page, 1 if the page is in memory. The caller must own or be able to write the file, else all
   * say 1.
   */
  inCore(offset = 0, length = this.length - offset): Uint8Array {
    this.#checkRange(offset, length);
    const pages = new Uint8Array(Math.ceil(length / pageSize()));
    check(mincoreNative(this.address + offset, length, pages), "mincore");
    return pages.map((page) => page & 1);
  }

  /** msync(2) with MS_SYNC: written pages are on the disk when this returns. */
  sync(offset = 0, length = this.length - offset): void {
    this.#checkRange(offset, length);
    check(msyncNative(this.address + offset, length, MS_SYNC), "msync");
  }

  /** mlock(2). ENOMEM or EPERM above RLIMIT_MEMLOCK. */
  lock(): void {
    check(mlockNative(this.address, this.length), "mlock");
  }

  /**
   * mmap(2) with MAP_FIXED over a part of this mapping: the pages there become those of the request. Views stay valid.
   */
  replace(offset: number, request: MapRequest): void {
    this.#checkRange(offset, request.length);
    map({ ...request, address: this.address + offset, flags: (request.flags ?? defaultFlags(request)) | MAP_FIXED });
  }

  /**
   * Lets go of what was mapped. Views that are still around then read zeros: touching memory that is not mapped would
   * end the process, so the address range is kept, without memory, until the garbage collector has taken the last of
   * them.
   */
  unmap(): void {
    if (!this.#mapped) return;
    this.#mapped = false;
    this.#whole = undefined;
    if (this.#views.size === 0) this.#release();
    else map({ ...emptyMemory, address: this.address, length: this.length });
  }

  [Symbol.dispose](): void {
    this.unmap();
  }

  #makeBuffer(offset: number, length: number): ArrayBuffer {
    if (length > maxViewLength) throw new RangeError(`a view of ${length} bytes is larger than ${maxViewLength}`);
    const buffer = loadKoffi().view(BigInt(this.address + offset), length);
    const token = {};
    this.#views.add(token);
    collectedViews.register(buffer, () => this.#collected(token));
    return buffer;
  }

  #collected(token: object): void {
    this.#views.delete(token);
    if (!this.#mapped && this.#views.size === 0) this.#release();
  }

  #release(): void {
    check(munmapNative(this.address, this.length), "munmap");
  }

  #checkRange(offset: number, length: number): void {
    if (!this.#mapped) throw new RangeError("the memory is no longer mapped");
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new RangeError(`bytes ${offset} to ${offset + length} of a mapping of ${this.length}`);
    }
  }
}

/** mmap(2). The mapping ends with {@link Mapping.unmap}, not when the object is collected. */
export function mmap(request: MapRequest): Mapping {
  return new Mapping(map(request), request.length);
}

/** Anonymous private memory that starts on a page boundary: what direct I/O and the kernel's zero-copy paths want. */
export function allocatePages(length: number): Mapping {
  return mmap({ length, protection: PROT_READ | PROT_WRITE });
}

/** Address of the first byte of a typed array. Valid as long as the array is referred to and not detached. */
export function addressOf(bytes: NodeJS.TypedArray): number {
  return Number(loadKoffi().address(bytes));
}

const MS_SYNC = 4;

let knownPageSize = 0;

const emptyMemory = {
  protection: PROT_READ | PROT_WRITE,
  flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
} as const;

const collectedViews = new FinalizationRegistry<() => void>((release) => release());

function map(request: MapRequest): number {
  const { length, protection = PROT_READ, fd = -1, offset = 0 } = request;
  const address: Pointer = request.address ?? null;
  const result = mmapNative(address, length, protection, request.flags ?? defaultFlags(request), fd, offset);
  if (result === -1) throw new ErrnoError(lastErrno(), "mmap");
  return result;
}

function defaultFlags(request: MapRequest): number {
  return (request.fd ?? -1) < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
}
