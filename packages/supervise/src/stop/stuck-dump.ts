import { errorText } from "../proc/proc-error.ts";
import { kernelTraceback } from "../proc/ktraceback.ts";
import { openProc } from "../proc/open-proc.ts";
import type { ProcessIdentity } from "../process/identity.ts";
import { MountTable } from "../mounts/mount-table.ts";
import { usersOfMount, usesText } from "../mounts/users-of-mount.ts";
import type { MountUser } from "../mounts/types.ts";

/**
 * Where a server and the users of its mount are stuck, in the kernel: text for the log. Never throws and never touches the mount.
 *
 * @param name  of the system, for the headings
 */
export function stuckDump(name: string, server: ProcessIdentity | undefined, point: string): string {
  return `\n${name} ktraceback:\n${serverText(server)}\n${name} clients:\n${clientsText(point)}`;
}

function serverText(server: ProcessIdentity | undefined): string {
  const process = server && openProc().get(server.pid);
  return process === undefined ? "(no server process)\n" : kernelTraceback(process);
}

function clientsText(point: string): string {
  try {
    const [mount] = MountTable.read().at(point).slice(-1);
    return mount === undefined ? "(not mounted)\n" : usersOfMount(mount).map(clientText).join("");
  } catch (error) {
    return `${errorText(error)}\n`;
  }
}

function clientText(user: MountUser): string {
  const traceback = kernelTraceback(user.process).replace(/^/gm, "\t").replace(/\t$/, "");
  return `  ${user.process.text()} ${user.process.argvText()}\n${usesText(user)}\n${traceback}\n`;
}
