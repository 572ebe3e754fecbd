import type { FileSystem, Request } from "@belay/fuse";
import { opcodeName } from "@belay/fuse";
import type { Logger } from "@belay/supervise";

type Handler = (request: Request, reply: unknown) => unknown;

/**
 * A file system that logs every request before it carries it out.
 *
 * @param precise with times to the microsecond of a clock that does not jump
 */
export function traced(fileSystem: FileSystem, log: Logger, precise: boolean): FileSystem {
  const entries = Object.entries(fileSystem).map(([name, handler]) => {
    const call = handler as Handler;
    const logged: Handler = (request, reply) => {
      const time = precise ? `${performance.now().toFixed(3)} ` : "";
      log.info(`${time}fuse: ${describe(name, request)}`);
      return call.call(fileSystem, request, reply);
    };
    return [name, logged];
  });
  return Object.fromEntries(entries) as FileSystem;
}

// FORGET and INIT have other arguments than the rest.
function describe(method: string, request: Request | number | object): string {
  if (typeof request === "number") return `${method} n${request}`;
  if (!("opcode" in request)) return method;
  const fields = Object.entries(request)
    .filter(([name]) => ["name", "offset", "size", "fh", "flags"].includes(name))
    .map(([name, value]) => ` ${name}=${String(value)}`);
  return `${opcodeName(request.opcode)} n${request.nodeid} pid=${request.pid}${fields.join("")}`;
}
