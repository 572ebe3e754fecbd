import { readFileSync } from "node:fs";
import { Mistake } from "../errors/mistake.ts";
import { unreadable } from "../errors/unreadable.ts";

/**
 * Reads a Dockerfile: strict UTF-8, any line ending becomes a newline, a byte order mark stays.
 *
 * The Python tool reads this way, and its checksums are taken over the result.
 *
 * @throws Mistake with the errno name, `EENCODING` for bytes that are no UTF-8
 */
export function readDockerfile(path: string): string {
  return decode(path, read(path)).replace(/\r\n?/g, "\n");
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(`the Dockerfile ${path}`, error);
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Mistake("EENCODING", `the Dockerfile ${path} is not in UTF-8`, undefined, error);
  }
}

// More than newlines end a line for Python's str.splitlines: form feeds, separators, NEL, and Unicode's own.
const lineEnds = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** The lines of a text, without their ends; an end at the very end makes no further line. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineEnds);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

// As Python's str.strip: the information separators count as white space, the byte order mark does not.
const blank = /^[\s\x1c-\x1f\x85]*$/;

/** Tells whether a line holds nothing but white space. */
export function isBlank(line: string): boolean {
  return blank.test(line) && !line.includes("\ufeff");
}
