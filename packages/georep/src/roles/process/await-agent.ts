import { Socket } from "node:net";

import { takeDescriptor } from "../../session/take-descriptor.ts";

/** Number of the descriptor at which a worker is told that its source is watched. */
export const agentVariable = "_GSYNCD_AGENT_FD_";

/**
 * Resolves once the monitor has said that the source has its agent; at once in a worker that nobody will tell. Never when the monitor ends before.
 * To be called once, before anything else is started.
 */
export function toldOfAgent(): Promise<void> {
  const fd = takeDescriptor(agentVariable);
  if (fd === undefined) return Promise.resolve();
  const socket = new Socket({ fd, readable: true, writable: false });
  return new Promise((resolve) => {
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", () => undefined); // the monitor has ended, which is seen elsewhere
  });
}
