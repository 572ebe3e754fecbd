import { Mistake } from "./mistake.ts";

const reasons = {
  file: { ENOENT: "is not there", EISDIR: "is a folder" },
  folder: { ENOENT: "is not there", ENOTDIR: "is no folder" },
} as const;

/**
 * That something a user named cannot be read, in a line and with the errno name.
 *
 * @param what  how the message begins: `the Dockerfile x`
 */
export function unreadable(what: string, error: unknown, kind: keyof typeof reasons = "file", hint?: string): Mistake {
  const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
  const known: Readonly<Record<string, string>> = reasons[kind];
  return new Mistake(code, `${what} ${known[code] ?? `cannot be read (${code})`}`, hint, error);
}
