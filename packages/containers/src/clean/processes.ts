import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { processIdentity } from "@belay/supervise";
import type { ProcessIdentity } from "@belay/supervise";

function processesWhere(is: (pid: number) => boolean): ProcessIdentity[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || !is(pid)) return [];
    const identity = processIdentity(pid);
    return identity === undefined ? [] : [identity];
  });
}

// A process may end while it is looked at; then it is not one we look for.
function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}

/** Engine clients (podman, docker, sudo) that have a certain word in their command line. */
export function clientsWith(word: string): ProcessIdentity[] {
  return processesWhere((pid) => {
    const argv = procFile(pid, "cmdline").split("\0");
    return ["podman", "docker", "sudo"].includes(basename(argv[0] ?? "")) && argv.includes(word);
  });
}

/** Processes that were started with this variable in their environment. */
export function processesWithVariable(name: string, value: string): ProcessIdentity[] {
  return processesWhere((pid) => procFile(pid, "environ").split("\0").includes(`${name}=${value}`));
}

/** Processes in a mount namespace other than ours that have something below a path mounted: they run in a container made there. */
export function processesMounting(path: string): ProcessIdentity[] {
  const own = procFile(process.pid, "mountinfo");
  return processesWhere((pid) => {
    const mounts = procFile(pid, "mountinfo");
    return mounts !== own && mounts.includes(`${path}/`);
  });
}

/** Every process that may be making containers in the storage that a podman with this environment uses. */
export function storageUsers(env: NodeJS.ProcessEnv): ProcessIdentity[] {
  return processesWhere((pid) => {
    if (!["podman", "buildah"].includes(procFile(pid, "comm").trim())) return false;
    const theirs = procFile(pid, "environ").split("\0");
    // An environment we may not read counts as the same.
    return theirs.length === 1 || storageVariables.every((name) => valueOf(theirs, name) === (env[name] ?? ""));
  });
}

const storageVariables = ["CONTAINERS_STORAGE_CONF", "HOME"];

function valueOf(environment: readonly string[], name: string): string {
  return environment.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}
