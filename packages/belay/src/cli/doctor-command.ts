import type { Command } from "commander";
import { subcommand } from "./subcommand.ts";

/** `belay doctor`. */
export function addDoctorCommand(program: Command): void {
  subcommand(program, "doctor", "look at the machine, and for what processes that died have left")
    .option("--fix", "remove what was left")
    .option("--json", "as one JSON object")
    .addHelpText("after", "\nEnds with 0 when nothing is left to do, else with 1.\n\nExample:\n  belay doctor --fix")
    .action(async (options: { readonly fix?: boolean; readonly json?: boolean }) => {
      const { doctorCommand } = await import("../doctor/index.ts");
      process.exitCode = await doctorCommand(options);
    });
}
