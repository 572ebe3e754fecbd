/** A program that serves a file system in memory; the tests' processes must not serve what they use. */
import * as fuse from "../index.ts";
import type { ServerCommand, ServerOptions } from "./memory-server.ts";
import { SpecialFileSystem } from "./special-file-system.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as ServerOptions;
const loop = new fuse.ServeLoop({ idle: 20 });
const fileSystem: SpecialFileSystem & fuse.FileSystem = new SpecialFileSystem(loop);
fileSystem.validity = options.validity ?? 0;
fileSystem.openFlags = options.openFlags ?? 0;
for (const [name, size] of Object.entries(options.files ?? {})) fileSystem.addFile(name, Buffer.alloc(size, name));
const { refuse } = options;
if (refuse !== undefined) {
  fileSystem.init = () => {
    throw new Error(refuse);
  };
}

const errors: string[] = [];
const named = { fsname: "belay,te\\st", subtype: "belaytest", ...options.mount };
await using mount = await fuse.mountFuse(options.mountpoint, named);
const server = new fuse.FuseServer({
  fd: mount.fd,
  fileSystem,
  loop,
  init: { flags: fuse.defaultInitFlags | BigInt(options.initFlags ?? 0) },
  onError: (error) => void errors.push(String(error)),
});
const notifier = new fuse.Notifier(server);

process.on("message", (command: ServerCommand) => carryOut(command));
const abandoned = () => process.exit(3);
process.on("disconnect", abandoned);
process.send?.({ ready: mount.connection });
try {
  const end = await server.serve();
  process.send?.({ end });
} catch (error) {
  process.send?.({ end: String(error) });
}
await notifier[Symbol.asyncDispose]();
process.off("disconnect", abandoned);
process.disconnect?.();

function carryOut(command: ServerCommand): void {
  switch (command.kind) {
    case "stop":
      return server.stop();
    case "report":
      return report();
    case "notify":
      return notifier.run(command.steps, (results) => answer({ results }));
    case "storm":
      return storm(command.name, performance.now() + command.milliseconds, []);
    case "fill": {
      const node = fileSystem.root.children.get(command.name);
      node?.data.fill(command.byte);
      return answer({ nodeid: node?.nodeid });
    }
    case "resize": {
      const node = fileSystem.root.children.get(command.name);
      if (node) node.data = Buffer.alloc(command.size, command.byte);
      return answer({ nodeid: node?.nodeid });
    }
  }
}

function answer(message: object): void {
  process.send?.(message);
}

function storm(name: string, until: number, results: number[]): void {
  const node = fileSystem.root.children.get(name);
  if (!node || performance.now() > until) return answer({ results });
  const offset = 4096 * (results.length % Math.floor(node.data.length / 4096));
  const stored = node.data.subarray(offset, offset + 4096);
  const steps: fuse.NotifyStep[] = [
    { kind: "invalInode", nodeid: node.nodeid, offset, length: 4 * 4096 },
    { kind: "store", nodeid: node.nodeid, offset, sources: [stored] },
  ];
  notifier.run(steps, (done) => {
    results.push(...done);
    storm(name, until, results);
  });
}

function report(): void {
  const connection = server.connection && {
    ...server.connection,
    offered: String(server.connection.offered),
    flags: String(server.connection.flags),
  };
  const counts = Object.fromEntries(fileSystem.counts);
  const { interrupted, outcomes } = fileSystem;
  answer({ counts, errors, interrupted, outcomes, pending: server.pendingRequests, connection });
}
