import { readFileSync } from "node:fs";

/**
 * Reads a Dockerfile: strict UTF-8, any line ending becomes a newline, a byte order mark stays.
 *
 * The Python tool reads this way, and its checksums are taken over the result.
 *
 * @throws errno errors; TypeError for bytes that are no UTF-8
 */
export function readDockerfile(path: string): string {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  return text.replace(/\r\n?/g, "\n");
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
