/** Result codes of SQLite, their low byte, that tell of the file system below it. */
const names: Readonly<Record<number, string>> = { 8: "EROFS", 10: "EIO", 13: "ENOSPC" };

/** The errno name of what is the matter with a file system, where a database of `node:sqlite` says it in its own way. */
export function databaseErrno(error: Error): string | undefined {
  return "errcode" in error && typeof error.errcode === "number" ? names[error.errcode & 0xff] : undefined;
}
