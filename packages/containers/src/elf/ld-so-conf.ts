import { globSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/**
 * The folders that `/etc/ld.so.conf` names for the dynamic loader (ldconfig(8)), in order, with `include` followed.
 *
 * The cache built from it is not read: it holds nothing but what is in these folders.
 */
export function configuredFolders(file = "/etc/ld.so.conf", root = ""): string[] {
  return [...new Set(fromFile(file, root, new Set()))];
}

function fromFile(file: string, root: string, seen: Set<string>): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return linesOf(root + file).flatMap((line) => {
    const include = /^include\s+(.*)$/.exec(line);
    if (include === null) return isAbsolute(line) ? [line.replace(/(?<=.)\/+$/, "")] : [];
    const patterns = (include[1] ?? "")
      .split(/\s+/)
      .map((each) => (isAbsolute(each) ? each : join(dirname(file), each)));
    const files = patterns.flatMap((pattern) => globSync(root + pattern).sort());
    return files.flatMap((each) => fromFile(each.slice(root.length), root, seen));
  });
}

// Commas, colons and blanks part several folders of one line; `#` begins a comment.
function linesOf(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .flatMap((line) => (line.startsWith("include") ? [line] : line.split(/[\s,:]+/)))
    .filter((line) => line !== "" && !line.startsWith("hwcap"));
}
