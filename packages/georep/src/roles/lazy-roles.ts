import type { Roles } from "../cli/roles.ts";

const load = () => import("./roles.part.ts");

/**
 * The long-running roles of this program; their code is loaded when one is wanted. That of the receiving end by itself: each start of a worker waits
 * for it.
 */
export const gsyncdRoles: Roles = {
  monitor: async (request) => (await load()).runMonitor(request),
  worker: async (request) => (await load()).runWorker(request),
  secondary: async (request) => (await import("./secondary.part.ts")).runSecondary(request),
};
