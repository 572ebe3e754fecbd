/**
 * The one place that decides where the foreign function interface comes from.
 *
 * From source, koffi is the package in `node_modules`. In the single executable there is no `node_modules`: the native
 * half of koffi, `koffi.node`, lies beside the executable or among its assets under that name, and its JavaScript half
 * (which only looks for the native half and adds deprecated names) is not needed. A bundler therefore has nothing to
 * follow from here: `koffi` is required at run time, on the first system call, and programs that make none do not pay
 * for loading it.
 */
import { chmodSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getRawAsset, isSea } from "node:sea";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

import type koffiModule from "koffi";

/** koffi's own interface. */
export type Koffi = typeof koffiModule;

/** Name of koffi's native half, beside the executable or as an asset of it. */
export const koffiAssetName = "koffi.node";

/** Under it threads find the descriptor of the native half that a thread before them has written out. */
const descriptorKey = "belay:koffi";

const sharedMemory = "/dev/shm";

let loaded: Koffi | undefined;

/** Loads koffi on the first call; later calls return the same object. Each worker thread loads its own. */
export function loadKoffi(): Koffi {
  return (loaded ??= isSea() ? loadFromExecutable() : loadFromPackage());
}

function loadFromPackage(): Koffi {
  return createRequire(import.meta.url)("koffi") as Koffi;
}

function loadFromExecutable(): Koffi {
  const beside = join(dirname(process.execPath), koffiAssetName);
  return existsSync(beside) ? loadNative(beside) : loadExtracted();
}

function loadExtracted(): Koffi {
  const descriptor = getEnvironmentData(descriptorKey);
  return typeof descriptor === "number" ? loadDescriptor(descriptor) : extract();
}

// A hardened machine may have its directory for temporary files read-only, full, or of a file system from which nothing is executed.
function extract(): Koffi {
  try {
    return extractIn(tmpdir());
  } catch (error) {
    try {
      return extractIn(sharedMemory);
    } catch {
      throw error;
    }
  }
}

// The name is only needed until the file is mapped. Its directory is private, so nobody can exchange the file before that. Threads that this
// one starts load the same file, through a descriptor that stays open as long as the process.
function extractIn(place: string): Koffi {
  const directory = mkdtempSync(join(place, "belay-koffi-"));
  try {
    const file = join(directory, koffiAssetName);
    writeFileSync(file, new Uint8Array(getRawAsset(koffiAssetName)), { flag: "wx" });
    chmodSync(file, 0o500);
    const koffi = loadNative(file);
    setEnvironmentData(descriptorKey, openSync(file, "r"));
    return koffi;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function loadDescriptor(descriptor: number): Koffi {
  const file = `/proc/self/fd/${descriptor}`;
  return existsSync(file) ? loadNative(file) : extract();
}

function loadNative(file: string): Koffi {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports as Koffi;
}
