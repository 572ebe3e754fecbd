import { realpathSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { readElf } from "./elf-file.ts";
import type { ElfFile } from "./elf-file.ts";
import { builtInFolders, expandTokens, isNative, sameKind } from "./folders.ts";
import { configuredFolders } from "./ld-so-conf.ts";
import { isLoaderItself, muslRules } from "./musl.ts";
import type { MuslRules } from "./musl.ts";

/** A library, where the loader will look for it and what it is. */
export interface Library {
  /** Absolute, as the loader composes it; may lead over symbolic links. The copy in the container has to be at this path. */
  readonly path: string;
  /** The file itself, all links followed: where the bytes are read. */
  readonly realPath: string;
}

/** Everything a program needs to be loaded. */
export interface Libraries {
  /** `none`: no ELF file, or a static program that has no dynamic section. */
  readonly linking: "dynamic" | "none";
  /** In the order the loader maps them: breadth first, without the program itself, each once. */
  readonly found: readonly Library[];
  /** Names of DT_NEEDED that are nowhere, with who needs them. */
  readonly missing: readonly { readonly name: string; readonly neededBy: string }[];
}

interface Loaded {
  readonly path: string;
  readonly file: ElfFile;
  readonly loader: Loaded | undefined;
}

/** How to search; the defaults are this machine's. */
export interface SearchOptions {
  /** Folders of ld.so.conf. */
  readonly configured?: readonly string[];
  /** `LD_LIBRARY_PATH`. */
  readonly libraryPath?: string | undefined;
}

/**
 * Finds the libraries of a program by reading files alone, the way ld.so(8) would find them: RPATH of the file and of those that
 * load it, LD_LIBRARY_PATH, RUNPATH, the configured folders, the built-in ones. `ldd` would run the program's loader, which for
 * another architecture is not possible and for an untrusted file not wise. For programs of musl its own loader's rules hold.
 *
 * @param program path of the executable
 * @throws errno errors when the program itself cannot be read
 */
export function librariesOf(program: string, options: SearchOptions = {}): Libraries {
  const file = readElf(program);
  if (file?.dynamic !== true) return { linking: "none", found: [], missing: [] };
  return new Search(file, options).run({ path: resolve(program), file, loader: undefined });
}

class Search {
  readonly #found = new Map<string, Library>();
  readonly #missing: { name: string; neededBy: string }[] = [];
  readonly #known = new Set<string>();
  readonly #defaults: readonly string[];
  readonly #libraryPath: readonly string[];
  readonly #program: ElfFile;
  readonly #musl: MuslRules | undefined;

  constructor(program: ElfFile, options: SearchOptions) {
    this.#program = program;
    this.#musl = muslRules(program.interpreter);
    const configured = options.configured ?? configuredFolders();
    this.#defaults = this.#musl?.folders ?? [...configured, ...builtInFolders(program)];
    const own = "libraryPath" in options ? options.libraryPath : process.env["LD_LIBRARY_PATH"];
    this.#libraryPath = own !== undefined && own !== "" && isNative(program) ? own.split(/[:;]/) : [];
  }

  run(program: Loaded): Libraries {
    const queue = [program];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const name of next.file.needed) {
        const loaded = this.#load(name, next);
        if (loaded !== undefined) queue.push(loaded);
      }
    }
    this.#addInterpreter();
    return { linking: "dynamic", found: [...this.#found.values()], missing: this.#missing };
  }

  // The loader is in memory before it looks for anything: a library that needs it by name gets that one.
  #addInterpreter(): void {
    const path = this.#program.interpreter;
    if (path === undefined || this.#found.has(path)) return;
    const name = basename(path);
    this.#known.add(name);
    const places = [path, ...this.#defaults.map((folder) => join(folder, name))];
    const realPath = places.map(onDisk).find((each) => each !== undefined);
    if (realPath === undefined) this.#missing.push({ name: path, neededBy: "the kernel" });
    else this.#found.set(path, { path, realPath });
  }

  #load(name: string, loader: Loaded): Loaded | undefined {
    if (this.#known.has(name)) return undefined;
    this.#known.add(name);
    const own = this.#program.interpreter === undefined ? undefined : basename(this.#program.interpreter);
    if (name === own || (this.#musl !== undefined && isLoaderItself(name))) {
      this.#addInterpreter();
      return undefined;
    }
    for (const path of this.#candidates(name, loader)) {
      const realPath = onDisk(path);
      const file = realPath === undefined ? undefined : readable(realPath);
      if (realPath === undefined || file === undefined || !sameKind(file, this.#program)) continue;
      if (file.soname !== undefined) this.#known.add(file.soname);
      if (this.#found.has(path)) return undefined;
      this.#found.set(path, { path, realPath });
      return { path, file, loader };
    }
    this.#missing.push({ name, neededBy: loader.path });
    return undefined;
  }

  *#candidates(name: string, loader: Loaded): Generator<string> {
    if (name.includes("/")) {
      for (const path of expandTokens(name, loader.path, loader.file)) yield resolve(path);
      return;
    }
    for (const folder of this.#folders(loader)) yield joinUnresolved(folder, name);
  }

  *#folders(loader: Loaded): Generator<string> {
    if (this.#musl !== undefined) {
      yield* expandAll(this.#libraryPath, loader);
      for (let at: Loaded | undefined = loader; at !== undefined; at = at.loader) {
        yield* expandAll(at.file.runpath ?? at.file.rpath, at);
      }
      yield* this.#defaults;
      return;
    }
    if (loader.file.runpath === undefined) {
      for (let at: Loaded | undefined = loader; at !== undefined; at = at.loader) {
        if (at.file.runpath === undefined) yield* expandAll(at.file.rpath, at);
      }
    }
    yield* expandAll(this.#libraryPath, loader);
    yield* expandAll(loader.file.runpath ?? [], loader);
    if (!loader.file.noDefaultFolders) yield* this.#defaults;
  }
}

function* expandAll(folders: readonly string[], from: Loaded): Generator<string> {
  for (const folder of folders) yield* expandTokens(folder, from.path, from.file);
}

// `..` behind a link leads elsewhere than its text says: the loader leaves it in the path, and so do we.
function joinUnresolved(folder: string, name: string): string {
  const path = `${folder.replace(/\/+$/, "")}/${name}`;
  return isAbsolute(path) ? path : join(process.cwd(), path);
}

function onDisk(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function readable(path: string): ElfFile | undefined {
  try {
    return readElf(path);
  } catch {
    return undefined;
  }
}
