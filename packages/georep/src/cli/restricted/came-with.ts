import { readFileSync, statSync } from "node:fs";

const roles = ["secondary", "slave", "--listen"];

/**
 * Tells whether a process is a receiving end of this user that came through an ssh connection; a forced command has what it was asked for in
 * its environment.
 *
 * @param connection  as in `SSH_CONNECTION`
 * @throws errno errors of processes that are gone, or not ours to look at
 */
export function isSecondaryOf(pid: string, connection: string): boolean {
  if (connection === "" || statSync(`/proc/${pid}`).uid !== process.getuid?.()) return false;
  const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  if (!variables.includes(`SSH_CONNECTION=${connection}`)) return false;
  const asked = variables.find((variable) => variable.startsWith("SSH_ORIGINAL_COMMAND="))?.split(/[ =]/) ?? [];
  const words = [...readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"), ...asked];
  return words.some((word) => roles.includes(word));
}
