import { readFileSync } from "node:fs";
import { BelayError } from "@belay/supervise";
import { unreadable } from "../../errors/unreadable.ts";
import { checkRecordFile, writeRecord } from "../../run/record-file.ts";
import { ownedScope } from "../../run/owned.ts";
import { parseRecord } from "../../run/record.ts";
import type { RunRecord } from "../../run/record.ts";
import { recordedRun, repeatRun } from "../../run/recorded-run.ts";
import { parseWcfsSpec } from "../../run/wcfs.ts";
import type { WcfsMounter } from "../../run/wcfs.ts";
import { given, needed, text } from "../options.ts";
import type { Invocation } from "./command.ts";
import { engineFor } from "./command.ts";

/** `run` of `belay container`: leaves with the command's own status. @param command image and what to run in it */
export async function runRecorded(
  invocation: Invocation,
  image: string | undefined,
  command: readonly string[],
  mountWcfs: WcfsMounter | undefined,
): Promise<number> {
  const { values, talk } = invocation;
  if (image === undefined)
    throw new BelayError("EUSAGE", "the image is missing", { hint: "run [OPTIONS] IMAGE [COMMAND]" });
  checkRecord(invocation);
  const wcfs = text(values, "wcfs");
  const spec = wcfs === undefined ? undefined : parseWcfsSpec(wcfs);
  const engine = await engineFor(invocation);
  await using scope = await ownedScope();
  const record = await recordedRun(
    { engine, scope, talk, mountWcfs },
    {
      image,
      options: invocation.rest,
      command,
      keep: given(values, "keep"),
      quiet: invocation.quiet,
      asUser: given(values, "run_as_current_user"),
      privateNetwork: given(values, "private_network"),
      wcfs: spec,
      machine: talk.machine,
    },
  );
  return await handOver(invocation, record);
}

/** `repeat`: runs again what a record tells, leaves with the command's status. */
export async function repeat(invocation: Invocation, mountWcfs: WcfsMounter | undefined): Promise<number> {
  const file = needed(invocation.values, "file", "the record");
  checkRecord(invocation);
  const record = parseRecord(readRecord(file), file === "-" ? "stdin" : file);
  const engine = await engineFor(invocation);
  await using scope = await ownedScope();
  const { talk, quiet } = invocation;
  const again = await repeatRun({ engine, scope, talk, mountWcfs }, record, { quiet, machine: talk.machine });
  return await handOver(invocation, again);
}

function readRecord(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw unreadable(`the record ${file}`, error);
  }
}

function checkRecord({ values }: Invocation): void {
  const file = text(values, "record");
  if (file !== undefined) checkRecordFile(file);
}

async function handOver({ values, talk }: Invocation, record: RunRecord): Promise<number> {
  const file = text(values, "record");
  if (file !== undefined) await writeRecord(file, record);
  if (talk.machine) talk.json(record);
  return record.exitCode;
}
