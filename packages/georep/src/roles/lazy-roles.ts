import type { Roles } from "../cli/roles.ts";

const load = () => import("./roles.part.ts");

/** The long-running roles of this program; their code is loaded when one is wanted. */
export const gsyncdRoles: Roles = {
  monitor: async (request) => (await load()).runMonitor(request),
  worker: async (request) => (await load()).runWorker(request),
  secondary: async (request) => (await load()).runSecondary(request),
};
