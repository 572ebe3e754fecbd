import { join } from "node:path";
import { normalizeZurl } from "@belay/zodb";
import {
  hasCode,
  MountTable,
  processIdentity,
  silentLogger,
  stuckDump,
  toError,
  userError,
  type MountEntry,
  type ProcProcess,
} from "@belay/supervise";
import { findServers } from "./find-server.ts";
import { goQuote } from "./go-quote.ts";
import type { LauncherOptions } from "./launcher-log.ts";
import { mountText } from "./mount-text.ts";
import { mountpointOf } from "./mountpoint.ts";
import { probe, type ProbeResult } from "./probe.ts";
import type { ProbeKind } from "./probe-command.ts";

/** Where the report goes: a line at a time, without the newline. */
export interface StatusOptions extends LauncherOptions {
  readonly print: (line: string) => void;
}

/**
 * Checks whether a database is served, and served well: `ok - …` for each check, `fail - …` for the first that fails.
 *
 * Nothing below the mountpoint is accessed by this process, because the server may be stuck; when it is, the report ends with
 * what it and its clients wait for.
 *
 * @throws BelayError `ESTATUS` after a check failed
 */
export async function status(zurl: string, options: StatusOptions): Promise<void> {
  const { logger = silentLogger, print } = options;
  logger.info(`status ${zurl} ...`);
  try {
    for await (const passed of checks(zurl, mountpointOf(zurl), print)) print(`ok - ${passed}`);
  } catch (error) {
    if (!hasCode(error, "ECHECK")) throw error;
    throw userError("ESTATUS", "(failed)");
  }
}

async function* checks(zurl: string, mountpoint: string, print: (line: string) => void): AsyncGenerator<string, void> {
  const fail = (text: string): never => {
    print(`fail - ${text}`);
    throw userError("ECHECK", text);
  };

  const mount = attempt(() => MountTable.read().only(mountpoint), fail);
  checkMount(mount, zurl, fail);
  yield `mount entry: ${mountText(mount)}`;

  const server = checkServer(mount, fail);
  yield `wcfs server: ${server.text()}`;

  const access = accessor({ mountpoint, server, fail, print });
  const { dev } = await access("stat mountpoint", "stat", "");
  if (dev !== mount.dev) fail(`stat mountpoint: st_dev mismatch: got ${deviceText(dev)}`);
  yield "stat mountpoint";

  const { content } = await access("read .wcfs/zurl", "read", ".wcfs/zurl");
  if (!isSameDatabase(content, zurl)) fail(`read .wcfs/zurl: zurl mismatch: got ${goQuote(content)}`);
  yield "read .wcfs/zurl";

  await access("read .wcfs/stats", "read", ".wcfs/stats");
  yield "read .wcfs/stats";
}

type Fail = (text: string) => never;

function attempt<T>(look: () => T, fail: Fail): T {
  try {
    return look();
  } catch (error) {
    return fail(toError(error).message);
  }
}

function checkMount(mount: MountEntry, zurl: string, fail: Fail): void {
  if (mount.fstype !== "fuse.wcfs") fail(`mount entry: fstype mismatch: ${mount.fstype}`);
  const source = mount.source.toString();
  if (!isSameDatabase(source, zurl)) fail(`mount entry: zurl mismatch: ${source}`);
}

function checkServer(mount: MountEntry, fail: Fail): ProcProcess {
  const [server, ...more] = findServers(mount);
  if (server === undefined) return fail("no wcfs server found");
  if (more.length > 0) fail(`multiple wcfs servers found: [${[server, ...more].map((one) => one.text()).join(", ")}]`);
  return server;
}

interface Accessed {
  readonly mountpoint: string;
  readonly server: ProcProcess;
  readonly fail: Fail;
  readonly print: (line: string) => void;
}

function accessor({ mountpoint, server, fail, print }: Accessed) {
  return async (subject: string, kind: ProbeKind, name: string): Promise<ProbeResult> => {
    try {
      return await probe(kind, join(mountpoint, name));
    } catch (error) {
      if (!hasCode(error, "ETIMEDOUT")) return fail(`${subject}: ${toError(error).message}`);
      print(`fail - ${subject}: timed out (wcfs might be stuck)`);
      print(stuckDump("wcfs", processIdentity(server.pid), mountpoint));
      throw userError("ECHECK", "timed out", { cause: error });
    }
  };
}

// Two zurls of one database may differ in credentials and the order of masters.
function isSameDatabase(served: string, wanted: string): boolean {
  if (served === wanted) return true;
  try {
    return normalizeZurl(served) === normalizeZurl(wanted);
  } catch {
    return false;
  }
}

/** A device number as `MAJOR:MINOR`; the bits are those of makedev(3). */
function deviceText(dev: number): string {
  const major = Math.floor(dev / 256) & 0xfff;
  const minor = (dev & 0xff) | (Math.floor(dev / 4096) & ~0xff);
  return `${major}:${minor}`;
}
