import { createHash } from "node:crypto";
import { Mistake } from "../errors/mistake.ts";
import { isBlank, splitLines } from "./text.ts";

/** Finds the text of the Dockerfile behind `FROM qemu/NAME`. */
export type ReadIncluded = (name: string) => string;

const marker = "FROM qemu/";

/**
 * A Dockerfile as it is checksummed: comments and empty lines are out, and `FROM qemu/NAME` is replaced by that Dockerfile, so that
 * a change in a base counts as a change of everything above it.
 *
 * @throws what `readIncluded` throws; Mistake `ELOOP` for a Dockerfile that is, through `FROM qemu/…`, its own base
 */
export function preprocess(dockerfile: string, readIncluded: ReadIncluded): string {
  return expand(dockerfile, readIncluded, []);
}

function expand(dockerfile: string, readIncluded: ReadIncluded, above: readonly string[]): string {
  let out = "";
  for (const line of splitLines(dockerfile)) {
    if (isBlank(line) || line.startsWith("#")) continue;
    if (!line.startsWith(marker)) {
      out += `${line}\n`;
      continue;
    }
    const name = line.slice(marker.length);
    if (above.includes(name)) throw circle([...above, name]);
    out += expand(readIncluded(name), readIncluded, [...above, name]);
  }
  return out;
}

function circle(names: readonly string[]): Mistake {
  const hint = "one of these Dockerfiles has to start from another image";
  return new Mistake("ELOOP", `FROM qemu/… goes in a circle: ${names.join(" -> ")}`, hint);
}

/** SHA-1 in hexadecimal, of text as UTF-8: the Python tool's checksum. */
export function checksum(data: string | Uint8Array): string {
  return createHash("sha1").update(data).digest("hex");
}

/** The checksum that stands in the label of an image built from this Dockerfile. */
export function dockerfileChecksum(dockerfile: string, readIncluded: ReadIncluded): string {
  return checksum(preprocess(dockerfile, readIncluded));
}
