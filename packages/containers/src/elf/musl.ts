import { readFileSync } from "node:fs";

/** How musl's loader searches where it differs from glibc's ld.so(8): ldso/dynlink.c of musl. */
export interface MuslRules {
  /** Where libraries are that no path in a file leads to, in order. */
  readonly folders: readonly string[];
}

/** The rules for a program whose interpreter is musl's loader; undefined for all others. */
export function muslRules(interpreter: string | undefined): MuslRules | undefined {
  const match = /^(.*)\/[^/]+\/ld-musl-([^/]+)\.so\.1$/.exec(interpreter ?? "");
  if (match === null) return undefined;
  const [, root = "", arch = ""] = match;
  return { folders: pathFile(`${root}/etc/ld-musl-${arch}.path`) ?? ["/lib", "/usr/local/lib", "/usr/lib"] };
}

/** The loader is the C library too, and takes these names, whatever their version, for itself. */
export function isLoaderItself(name: string): boolean {
  return /^lib(?:c|pthread|rt|m|dl|util|xnet)\./.test(name);
}

function pathFile(path: string): string[] | undefined {
  try {
    return readFileSync(path, "utf8")
      .split(/[:\n]/)
      .filter((each) => each !== "");
  } catch {
    return undefined;
  }
}
