import { accessSync, closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";

const elfMagic = Buffer.from("\x7fELF", "latin1");

// The supervisor's `findProgram` is not loaded on the way to an image that is current.
/**
 * Tells whether a name stands for a native program in PATH, rather than for a script in its place, which may decide otherwise each time, and
 * whose author counts on being called once at a time.
 */
export function isNativeProgram(name: string, path = process.env["PATH"] ?? ""): boolean {
  const places = path.split(":").map((directory) => join(directory, name));
  const file = places.find(isExecutable);
  return file !== undefined && beginsAsElf(file);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function beginsAsElf(file: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(file, "r");
    const begin = Buffer.alloc(elfMagic.length);
    return readSync(fd, begin) === begin.length && begin.equals(elfMagic);
  } catch {
    return false; // that it cannot be read says nothing of whether it works
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
