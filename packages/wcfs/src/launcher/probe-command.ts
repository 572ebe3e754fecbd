import { readFileSync, statSync } from "node:fs";

/** First argument of `wcfs` that makes it a probe of a mount. Not for users: no option or zurl looks like it. */
export const probeCommand = ".probe";

/** What can be asked of a path below a mountpoint. */
export type ProbeKind = "stat" | "read";

/** What a probe prints: the device of the path, or its content; or the error. */
export type ProbeAnswer = { readonly dev: number } | { readonly content: string } | { readonly error: string };

/** The probe itself: prints the answer. */
export function probeMain([kind, path = ""]: readonly string[]): number {
  process.stdout.write(JSON.stringify(access(kind === "stat" ? "stat" : "read", path)));
  return 0;
}

function access(kind: ProbeKind, path: string): ProbeAnswer {
  try {
    return kind === "stat" ? { dev: statSync(path).dev } : { content: readFileSync(path, "utf8") };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
