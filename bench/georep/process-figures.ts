import { readFileSync, writeFileSync } from "node:fs";

/** What a process has used: processor time in milliseconds, memory in MB now and at most. */
export interface Figures {
  readonly cpuMs: number;
  readonly memory: number;
  readonly most: number;
}

/** Looks at a process. */
export function figuresOf(pid: number): Figures {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mb = (key: string) => Math.round(Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, memory: mb("VmRSS"), most: mb("VmHWM") };
}

/** From now on the most memory counts anew. */
export function forgetMost(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** A process's child whose command line holds a word. */
export function childOf(pid: number, word: string): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children.map(Number).find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes(word));
}
