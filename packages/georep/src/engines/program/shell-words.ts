import { BelayError } from "@belay/supervise";
import { quotedName } from "../../tree/shown-name.ts";

/** Words as rsync's `-e` takes them apart: at blanks, with quotes. @throws BelayError `EINVAL` for a word with both kinds of quotes */
export function shellWords(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

function quoted(word: string): string {
  if (/^[^\s'"]+$/.test(word)) return word;
  if (!word.includes("'")) return `'${word}'`;
  if (!word.includes('"')) return `"${word}"`;
  throw new BelayError("EINVAL", `an option of ssh with both kinds of quotes cannot be given to rsync: ${word}`);
}

/** A path that no shell on the way takes for more than it is. @throws BelayError `EENGINE` */
export function plainPath(path: Buffer): string {
  const text = path.toString("latin1");
  if (/^[\w./@+,=-]+$/.test(text)) return text;
  throw new BelayError(
    "EENGINE",
    `${quotedName(path)}: a destination with such characters cannot be given to a program through ssh`,
    {
      hint: "use the engine stream",
    },
  );
}
