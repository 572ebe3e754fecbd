import { accessSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { release } from "node:os";
import { findProgram, MountTable, run, runDirectory } from "@belay/supervise";
import type { Check } from "./report.ts";

/** What this machine gives, as far as it matters. */
export async function checkHost(): Promise<Check[]> {
  const checks = [
    guarded("runtime", checkRuntime),
    guarded("kernel", () => checkKernel(release())),
    guarded("fuse-device", checkFuseDevice),
    guarded("fusectl", checkFusectl),
    guarded("fusermount", checkFusermount),
    guarded("shared-memory", checkSharedMemory),
    guarded("run-directory", () => ({ state: "ok", text: runDirectory() })),
  ];
  return [...checks, await checkEngines()];
}

type Finding = Omit<Check, "name">;

// A check that throws has found something too.
function guarded(name: string, check: () => Finding): Check {
  try {
    return { name, ...check() };
  } catch (error) {
    return { name, state: "fail", text: error instanceof Error ? error.message : String(error) };
  }
}

function checkRuntime(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const text = `Node ${process.versions.node}`;
  return major >= 24
    ? { state: "ok", text }
    : { state: "fail", text: `${text} is too old`, hint: "use Node 24 or later" };
}

/** @param version  as `uname -r` gives it */
export function checkKernel(version: string): Finding {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const atLeast = (x: number, y: number) => major > x || (major === x && minor >= y);
  const text = `Linux ${version}`;
  if (!atLeast(5, 2))
    return { state: "fail", text: `${text} is too old`, hint: "5.2 keeps cached pages through attribute changes" };
  if (!atLeast(5, 6)) return { state: "warn", text: `${text} lacks openat2 and pidfd`, hint: "use Linux 5.6 or later" };
  return { state: "ok", text };
}

function checkFuseDevice(): Finding {
  if (!existsSync("/dev/fuse")) {
    return { state: "fail", text: "/dev/fuse is not there", hint: "modprobe fuse; in a container: --device /dev/fuse" };
  }
  try {
    closeSync(openSync("/dev/fuse", "r+"));
    return { state: "ok", text: "/dev/fuse can be opened" };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return {
      state: "fail",
      text: `/dev/fuse cannot be opened: ${code}`,
      hint: "give your user access to it, or to the group that has",
    };
  }
}

function checkFusectl(): Finding {
  const point = "/sys/fs/fuse/connections";
  if (MountTable.read().at(point).length > 0) return { state: "ok", text: `mounted on ${point}` };
  return isRoot()
    ? { state: "ok", text: "not mounted; done when it is needed" }
    : {
        state: "warn",
        text: "not mounted: a hung server cannot be cut off",
        hint: `as root: mount -t fusectl none ${point}`,
      };
}

function checkFusermount(): Finding {
  if (isRoot()) return { state: "ok", text: "not needed by root" };
  const path = ["fusermount3", "fusermount"].map(findProgram).find((found) => found !== undefined);
  if (path === undefined)
    return { state: "fail", text: "fusermount3 is not installed", hint: "install the package fuse3" };
  const isSetuid = (statSync(path).mode & 0o4000) !== 0;
  return isSetuid
    ? { state: "ok", text: path }
    : { state: "fail", text: `${path} is not setuid root`, hint: "install fuse3 anew" };
}

function checkSharedMemory(): Finding {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return { state: "ok", text: "/dev/shm can be written: mountpoints are made in it" };
  } catch {
    return {
      state: "fail",
      text: "/dev/shm cannot be written: mountpoints are made in it",
      hint: "mount -t tmpfs tmpfs /dev/shm",
    };
  }
}

async function checkEngines(): Promise<Check> {
  const states = await Promise.all(["podman", "docker"].map(engineState));
  const works = states.some(({ works: it }) => it);
  const check = { name: "container-engine", text: states.map(({ text }) => text).join(", ") };
  if (works) return { ...check, state: "ok" };
  return { ...check, state: "warn", hint: "belay container needs one: install podman, or start docker's daemon" };
}

const engineLimitMs = 5000;

async function engineState(program: string): Promise<{ works: boolean; text: string }> {
  if (findProgram(program) === undefined) return { works: false, text: `${program}: not installed` };
  try {
    await run([program, "version"], { timeoutMs: engineLimitMs, stopMs: 1000 });
    return { works: true, text: `${program}: works` };
  } catch {
    return { works: false, text: `${program}: does not answer` };
  }
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
