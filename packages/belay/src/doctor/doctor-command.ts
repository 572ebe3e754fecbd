import { abortOnSignals } from "@belay/supervise";
import { doctor } from "./doctor.ts";
import { isHealthy, reportJson, reportText } from "./report.ts";

/**
 * The command `belay doctor`: looks, with `fix` removes, and prints.
 *
 * @returns the exit code: 0 when nothing is left to do, else 1
 */
export async function doctorCommand({ fix = false, json = false }: { fix?: boolean; json?: boolean }): Promise<number> {
  const { registerContainers } = await import("@belay/containers");
  await registerContainers();
  using interrupted = abortOnSignals();
  const report = await doctor({ fix, signal: interrupted.signal });
  process.stdout.write(json ? reportJson(report) : reportText(report));
  return isHealthy(report) ? 0 : 1;
}
