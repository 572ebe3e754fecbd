import { writeSync } from "node:fs";
import { Socket } from "node:net";

import * as z from "zod";

import { faultReasons, type Fault } from "../../monitor/fault.ts";
import { takeDescriptor } from "../../session/take-descriptor.ts";

/** Number of the descriptor at which a worker tells its monitor why it ends, and hears that the monitor has ended. */
export const reportVariable = "_GSYNCD_REPORT_FD_";

const faultForm = z.object({
  reason: z.enum(faultReasons),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** What ties a worker to its monitor. */
export interface ParentTie {
  /** Settles when the monitor has ended; never for a process without one. */
  readonly gone: Promise<void>;
  /** Tells the monitor why this process ends. */
  report(fault: Fault): void;
}

/** Takes up the tie to the process that started this one. To be called once, before anything else is started. */
export function tieToParent(): ParentTie {
  const fd = takeDescriptor(reportVariable);
  if (fd === undefined) return { gone: new Promise(() => undefined), report: () => undefined };
  const socket = new Socket({ fd, readable: true, writable: true }).unref();
  const gone = new Promise<void>((resolve) => {
    for (const event of ["end", "error", "close"]) socket.once(event, () => resolve());
  });
  socket.resume();
  return { gone, report: (fault) => writeIfOpen(fd, JSON.stringify(fault)) };
}

/** What a worker reported; undefined when it ended without a word. */
export function parseReport(text: string): Fault | undefined {
  try {
    return faultForm.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function writeIfOpen(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // Nobody is there to be told.
  }
}
