import { BelayError } from "@belay/supervise";

/** One pattern of names to leave out, or (`!`) to take after all. */
export interface Pattern {
  readonly takes: boolean;
  readonly directoriesOnly: boolean;
  /** For a whole path below the root, as one character for each byte. */
  readonly matches: (path: string) => boolean;
}

/** One character of a name: a byte, or all bytes of a character in UTF-8. */
const oneCharacter = "(?:[\\x00-\\x2e\\x30-\\x7f]|[\\xc0-\\xff][\\x80-\\xbf]*|[\\x80-\\xbf])";

/**
 * Reads a pattern as gitignore has them: `*` and `?` stand for anything but `/`, `**` for any directories, `[a-z]` and `[!a-z]` for a choice;
 * a `/` at the start or within ties it to the root, one at the end to directories; `!` takes what an earlier pattern left out; `\` takes
 * the next character literally.
 *
 * @throws BelayError `EVALUE`
 */
export function parsePattern(text: string): Pattern {
  const takes = text.startsWith("!");
  const isRootless = (takes ? text.slice(1) : text).replace(/^\//, "");
  const directoriesOnly = /(?<!\\)\/$/.test(isRootless);
  const body = directoriesOnly ? isRootless.slice(0, -1) : isRootless;
  const isTied = body.includes("/") || isRootless !== (takes ? text.slice(1) : text);
  if (body === "") throw bad(text, "it names nothing");
  const expression = new RegExp(`^${isTied ? "" : "(?:.*/)?"}${translate(text, body)}$`, "s");
  return { takes, directoriesOnly, matches: (path) => expression.test(path) };
}

function translate(whole: string, body: string): string {
  const parts = body.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    throw bad(whole, "paths in it are relative to the root, without empty parts, . and ..");
  return parts
    .map((part, index) => {
      const isLast = index === parts.length - 1;
      if (part === "**") return isLast ? ".+" : "(?:.*/)?";
      return translateName(whole, part) + (isLast ? "" : "/");
    })
    .join("");
}

function translateName(whole: string, text: string): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === "*") result += "[^/]*";
    else if (letter === "?") result += oneCharacter;
    else if (letter === "[") {
      const [choice = "", inner = ""] = /^\[([!^]?\]?[^\]]*)\]/.exec(text.slice(at)) ?? [];
      if (!/^[\x20-\x7e]+$/.test(inner)) throw bad(whole, "[ has no ], or something that is not ASCII after it");
      result += translateChoice(whole, inner);
      at += choice.length - 1;
    } else {
      if (letter === "\\" && ++at === text.length) throw bad(whole, "nothing comes after its \\");
      result += literal(text.charAt(at));
    }
  }
  return result;
}

function translateChoice(whole: string, inner: string): string {
  const negated = /^[!^]/.test(inner);
  const set = (negated ? inner.slice(1) : inner).replace(/[\\\]^]/g, "\\$&");
  try {
    return new RegExp(`(?!/)[${negated ? "^" : ""}${set}]`, "s").source;
  } catch {
    throw bad(whole, "its [ ] is not a choice of characters");
  }
}

function literal(character: string): string {
  return Buffer.from(character)
    .toString("latin1")
    .replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
}

function bad(text: string, why: string): BelayError {
  return new BelayError("EVALUE", `not a pattern: ${JSON.stringify(text)}`, { hint: why });
}
