import { closeSync, openSync, readSync } from "node:fs";

/** What decides whether the loader may map one ELF file into the process of another. */
export interface ElfKind {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** `e_machine` of elf(5): 62 x86-64, 183 AArch64, 40 ARM, 243 RISC-V, … */
  readonly machine: number;
}

/** The parts of an ELF file that say what has to be loaded with it. */
export interface ElfFile extends ElfKind {
  /** Whether there is a dynamic section at all; a static program that is no PIE has none. */
  readonly dynamic: boolean;
  /** PT_INTERP: the dynamic loader, an absolute path as the kernel will look for it. */
  readonly interpreter: string | undefined;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  /** DT_RPATH: folders for this file and for all it loads; ignored where there is a RUNPATH. */
  readonly rpath: readonly string[];
  /** DT_RUNPATH: folders for what this very file needs; undefined when it has none. */
  readonly runpath: readonly string[] | undefined;
  readonly soname: string | undefined;
  /** DF_1_NODEFLIB: neither the cache's default folders nor the built-in ones are searched. */
  readonly noDefaultFolders: boolean;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_NODEFLIB = 0x800;

/** No table of a real file is bigger; a length beyond it comes from a damaged or hostile file. */
const maxTable = 16 * 1024 * 1024;

/**
 * Reads headers, interpreter and dynamic section (elf(5)). Nothing of the file is run.
 *
 * @returns undefined for what is no ELF file or is damaged
 * @throws errno errors of open(2) and read(2)
 */
export function readElf(path: string): ElfFile | undefined {
  const fd = openSync(path, "r");
  try {
    return parse(fd);
  } finally {
    closeSync(fd);
  }
}

function parse(fd: number): ElfFile | undefined {
  const header = readAt(fd, 0, 64);
  if (header.length < 52 || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const bits = header[4] === 2 ? 64 : 32;
  if (bits === 64 && header.length < 64) return undefined;
  const littleEndian = header[5] !== 2;
  const view = new Numbers(header, bits, littleEndian);
  const kind = { bits, littleEndian, machine: view.half(18) } as const;
  const segments = readSegments(fd, view);
  const dynamic = segments.find((each) => each.type === PT_DYNAMIC);
  const interpreter = segments.find((each) => each.type === PT_INTERP);
  return {
    ...kind,
    dynamic: dynamic !== undefined,
    interpreter: interpreter && cString(readAt(fd, interpreter.offset, interpreter.fileSize), 0),
    ...readDynamic(fd, dynamic, segments, kind),
  };
}

function readSegments(fd: number, header: Numbers): Segment[] {
  const wide = header.bits === 64;
  const start = header.word(wide ? 32 : 28);
  const size = header.half(wide ? 54 : 42);
  const count = header.half(wide ? 56 : 44);
  const table = new Numbers(readAt(fd, start, size * count), header.bits, header.littleEndian);
  const segments: Segment[] = [];
  for (let at = 0; at + (wide ? 56 : 32) <= table.length; at += size || table.length) {
    segments.push({
      type: table.int(at),
      offset: table.word(at + (wide ? 8 : 4)),
      address: table.word(at + (wide ? 16 : 8)),
      fileSize: table.word(at + (wide ? 32 : 16)),
    });
  }
  return segments;
}

type Dynamic = Pick<ElfFile, "needed" | "rpath" | "runpath" | "soname" | "noDefaultFolders">;

function readDynamic(fd: number, section: Segment | undefined, segments: readonly Segment[], kind: ElfKind): Dynamic {
  const entries = section === undefined ? [] : dynamicEntries(readAt(fd, section.offset, section.fileSize), kind);
  const value = (tag: number): number | undefined => entries.find((each) => each.tag === tag)?.value;
  const strings = readAt(fd, fileOffset(value(DT_STRTAB) ?? 0, segments), value(DT_STRSZ) ?? 0);
  const text = (tag: number): string | undefined => {
    const at = value(tag);
    return at === undefined ? undefined : cString(strings, at);
  };
  return {
    needed: entries.filter((each) => each.tag === DT_NEEDED).map((each) => cString(strings, each.value)),
    rpath: folderList(text(DT_RPATH)) ?? [],
    runpath: folderList(text(DT_RUNPATH)),
    soname: text(DT_SONAME),
    noDefaultFolders: ((value(DT_FLAGS_1) ?? 0) & DF_1_NODEFLIB) !== 0,
  };
}

function dynamicEntries(bytes: Buffer, kind: ElfKind): { tag: number; value: number }[] {
  const table = new Numbers(bytes, kind.bits, kind.littleEndian);
  const width = kind.bits / 8;
  const entries: { tag: number; value: number }[] = [];
  for (let at = 0; at + 2 * width <= table.length; at += 2 * width) {
    const tag = table.word(at);
    if (tag === 0) break;
    entries.push({ tag, value: table.word(at + width) });
  }
  return entries;
}

// The dynamic section names the string table by its address in memory; the loaded segment around it tells where that is in the file.
function fileOffset(address: number, segments: readonly Segment[]): number {
  const around = segments.find(
    (each) => each.type === PT_LOAD && address >= each.address && address < each.address + each.fileSize,
  );
  return around === undefined ? address : address - around.address + around.offset;
}

function folderList(text: string | undefined): string[] | undefined {
  return text?.split(/[:;]/);
}

function cString(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 ? bytes.length : end);
}

function readAt(fd: number, offset: number, length: number): Buffer {
  if (!(offset >= 0 && length > 0 && length <= maxTable)) return Buffer.alloc(0);
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
}

/** Numbers of a table in the file's own width and byte order; reading outside gives 0. */
class Numbers {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly #view: DataView;

  constructor(bytes: Buffer, bits: 32 | 64, littleEndian: boolean) {
    this.bits = bits;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.#view.byteLength;
  }

  half(at: number): number {
    return at + 2 <= this.length ? this.#view.getUint16(at, this.littleEndian) : 0;
  }

  int(at: number): number {
    return at + 4 <= this.length ? this.#view.getUint32(at, this.littleEndian) : 0;
  }

  /** An address, offset or size: 4 or 8 bytes wide. Past 2^53 nothing can be in a file we read. */
  word(at: number): number {
    if (this.bits === 32) return this.int(at);
    return at + 8 <= this.length ? Number(this.#view.getBigUint64(at, this.littleEndian)) : 0;
  }
}
