import { dirname } from "node:path";
import type { ElfFile, ElfKind } from "./elf-file.ts";

interface Architecture {
  /** Debian's name for it: the folder below /lib that holds its libraries. */
  readonly triplet: string;
  /** What $PLATFORM stands for (AT_PLATFORM of getauxval(3)). */
  readonly platform: string;
}

const EM_X86_64 = 62;

const architectures: Readonly<Record<string, Architecture>> = {
  "3-32-le": { triplet: "i386-linux-gnu", platform: "i686" },
  "8-32-be": { triplet: "mips-linux-gnu", platform: "mips" },
  "8-32-le": { triplet: "mipsel-linux-gnu", platform: "mips" },
  "8-64-le": { triplet: "mips64el-linux-gnuabi64", platform: "mips64" },
  "20-32-be": { triplet: "powerpc-linux-gnu", platform: "ppc" },
  "21-64-be": { triplet: "powerpc64-linux-gnu", platform: "ppc64" },
  "21-64-le": { triplet: "powerpc64le-linux-gnu", platform: "power8" },
  "22-64-be": { triplet: "s390x-linux-gnu", platform: "z900" },
  "40-32-le": { triplet: "arm-linux-gnueabihf", platform: "v7l" },
  "62-32-le": { triplet: "x86_64-linux-gnux32", platform: "x86_64" },
  "62-64-le": { triplet: "x86_64-linux-gnu", platform: "x86_64" },
  "183-64-le": { triplet: "aarch64-linux-gnu", platform: "aarch64" },
  "243-64-le": { triplet: "riscv64-linux-gnu", platform: "riscv64" },
  "258-64-le": { triplet: "loongarch64-linux-gnu", platform: "loongarch64" },
};

function architecture(kind: ElfKind): Architecture | undefined {
  return architectures[`${kind.machine}-${kind.bits}-${kind.littleEndian ? "le" : "be"}`];
}

/** Tells whether the loader of one file would take the other. */
export function sameKind(a: ElfKind, b: ElfKind): boolean {
  return a.machine === b.machine && a.bits === b.bits && a.littleEndian === b.littleEndian;
}

/**
 * Folders the loader searches after everything else, built into it: the multiarch ones of Debian, the lib64 ones of the others, and
 * where cross compilers keep the libraries of another architecture.
 */
export function builtInFolders(kind: ElfKind): string[] {
  const triplet = architecture(kind)?.triplet;
  const multiarch = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`];
  const wide = kind.bits === 64 ? ["/lib64", "/usr/lib64"] : [];
  const cross = triplet === undefined ? [] : [`/usr/${triplet}/lib`];
  return [...multiarch, ...wide, "/lib", "/usr/lib", ...cross];
}

/**
 * Puts in what $ORIGIN, $LIB and $PLATFORM stand for in a folder of RPATH, RUNPATH or LD_LIBRARY_PATH (ld.so(8), "Dynamic string tokens").
 *
 * @param origin path of the file that names the folder, links not followed
 * @returns several, as $LIB differs between distributions; none for a folder that has a token we cannot fill
 */
export function expandTokens(folder: string, origin: string, file: ElfFile): string[] {
  const arch = architecture(file);
  const libs = [...(arch === undefined ? [] : [`lib/${arch.triplet}`]), file.bits === 64 ? "lib64" : "lib", "lib"];
  const candidates = /\$(LIB|\{LIB\})/.test(folder) ? libs : [""];
  return [...new Set(candidates)].flatMap((lib) => {
    const filled = folder
      .replace(/\$(?:ORIGIN|\{ORIGIN\})/g, () => dirname(origin))
      .replace(/\$(?:LIB|\{LIB\})/g, () => lib)
      .replace(/\$(?:PLATFORM|\{PLATFORM\})/g, () => arch?.platform ?? "$PLATFORM");
    return filled.includes("$") ? [] : [filled === "" ? "." : filled];
  });
}

/** Tells whether the file runs on this machine without emulation, so that our own LD_LIBRARY_PATH speaks about it. */
export function isNative(kind: ElfKind): boolean {
  const own = { x64: EM_X86_64, arm64: 183, ia32: 3, arm: 40, ppc64: 21, s390x: 22, riscv64: 243, loong64: 258 } as Readonly<Record<string, number>>; // prettier-ignore
  return own[process.arch] === kind.machine || (process.arch === "x64" && kind.machine === 3);
}
