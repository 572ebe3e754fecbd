import { spawn } from "node:child_process";

import { close, recvmsg, socketpair } from "@belay/linux";
import { BelayError, findProgram } from "@belay/supervise";

import { helperOptions, type FuseMountOptions } from "./options.ts";

/**
 * Mounts through the set-user-id program fusermount3 (or fusermount), as users other than root must.
 *
 * The helper opens /dev/fuse, mounts, and passes the descriptor back through a socket whose number `_FUSE_COMMFD` tells
 * it.
 *
 * @returns the descriptor
 * @throws BelayError `EFUSEHELPER` when there is no helper or it refuses; its message is the helper's own
 */
export async function mountByHelper(mountpoint: string, options: FuseMountOptions): Promise<number> {
  const [ours, theirs] = socketpair();
  try {
    try {
      await runHelper(["-o", helperOptions(options), "--", mountpoint], theirs);
    } finally {
      close(theirs);
    }
    // The helper has sent the descriptor and gone: this does not wait.
    const { descriptors } = recvmsg(ours, Buffer.alloc(1));
    const [fd] = descriptors;
    if (fd === undefined) throw helperError("the mount helper gave no descriptor");
    return fd;
  } finally {
    close(ours);
  }
}

/** The helper's number of the socket: the first descriptor after the standard ones. */
const commFd = 3;

async function runHelper(args: readonly string[], socket: number): Promise<void> {
  const program = findHelper();
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe", socket],
    env: { ...process.env, LC_ALL: "C", _FUSE_COMMFD: String(commFd) },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  const complaint: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => complaint.push(chunk));
  const code = await promise;
  if (code === 0) return;
  const said = Buffer.concat(complaint).toString().trim();
  throw helperError(said === "" ? `${program} ended with ${code ?? "a signal"}` : said);
}

function findHelper(): string {
  for (const name of ["fusermount3", "fusermount"]) {
    const program = findProgram(name);
    if (program !== undefined) return program;
  }
  throw new BelayError("EFUSEHELPER", "neither fusermount3 nor fusermount is on the PATH", {
    hint: "install the package fuse3, or mount as root",
  });
}

function helperError(said: string): BelayError {
  return new BelayError("EFUSEHELPER", said);
}
