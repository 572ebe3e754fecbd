import { basename } from "node:path";
import { statSync } from "node:fs";
import { formatOid, formatTid } from "@belay/zodb";
import { abortOnSignals, progressOnStderr, userError, type ProgressPhase } from "@belay/supervise";
import { formatOfEnvironment, parseFormat } from "../tools/block-format.ts";
import { parseByteSize } from "../tools/byte-size.ts";
import { chooseFile, type FileChoice } from "../tools/choose-file.ts";
import { openFile } from "../files/open-file.ts";
import { exportFile } from "../tools/export-file.ts";
import { importFile, type Placement } from "../tools/import-file.ts";
import { print, printJson } from "./print.ts";
import { momentOf, withDatabase } from "./with-database.ts";

/** Options of `belay wcfs import`. */
export interface ImportCommandOptions extends FileChoice {
  readonly createDb?: boolean;
  readonly blksize?: string;
  readonly format?: string;
  readonly append?: boolean;
  readonly offset?: string;
  readonly resume?: boolean;
  readonly transactionSize?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `belay wcfs import`: a file or pipe becomes, or goes into, a big file. */
export async function importCommand(input: string, zurl: string, options: ImportCommandOptions): Promise<void> {
  using signals = abortOnSignals();
  const phase = progressOnStderr(options).phase("import", "bytes", inputSize(input));
  const placement = placementOf(options);
  const result = await importFile({
    zurl,
    input,
    placement,
    ...(await targetOf(input, zurl, options, placement)),
    createDatabase: options.createDb ?? false,
    format: options.format === undefined ? formatOfEnvironment() : parseFormat(options.format),
    blockSize: options.blksize === undefined ? undefined : parseByteSize(options.blksize),
    ...(options.transactionSize === undefined ? {} : { transactionSize: parseByteSize(options.transactionSize) }),
    signal: signals.signal,
    onProgress: follow(phase),
    onCommit: ({ tid, size, done }) => {
      if (options.json) printJson({ event: "committed", tid: formatTid(tid), size, done });
    },
  });
  phase.end();
  const { oid, tid, size, bytes, transactions } = result;
  const told = { oid: formatOid(oid), tid: tid === undefined ? null : formatTid(tid), size, bytes, transactions };
  if (options.json) printJson({ event: "done", ...told });
  else print(`oid ${told.oid}  tid ${told.tid ?? "-"}  ${bytes} bytes in ${transactions} transactions, size ${size}\n`);
}

// The tools tell how far they are, a phase wants to know how far they went.
function follow(phase: ProgressPhase): (done: number) => void {
  let last = 0;
  return (done) => {
    phase.advance(done - last);
    last = done;
  };
}

function placementOf({ append, offset, resume }: ImportCommandOptions): Placement {
  const given = [append, offset, resume].filter((option) => option !== undefined);
  if (given.length > 1) throw userError("EUSAGE", "give one of --append, --offset and --resume");
  if (append) return { kind: "append" };
  if (resume) return { kind: "resume" };
  return offset === undefined ? { kind: "new" } : { kind: "offset", offset: parseByteSize(offset) };
}

// What is new gets the name of the input unless it is given one; what is to be there already may be the only one there is.
async function targetOf(
  input: string,
  zurl: string,
  options: ImportCommandOptions,
  { kind }: Placement,
): Promise<FileChoice> {
  const { oid, name } = options;
  if (oid !== undefined) return { oid };
  if (name !== undefined) return { name };
  if (kind === "append" || kind === "offset") return theOnlyFile(zurl);
  if (input === "-") throw userError("EUSAGE", "what comes through a pipe needs a --name");
  return { name: basename(input) };
}

async function theOnlyFile(zurl: string): Promise<FileChoice> {
  let oid = "";
  await withDatabase(zurl, (database) => {
    oid = formatOid(chooseFile(database, database.storage.lastTid(), {}));
  });
  return { oid };
}

function inputSize(input: string): number | undefined {
  if (input === "-") return undefined;
  const found = statSync(input);
  if (found.isDirectory())
    throw userError("EISDIR", `${input} is a directory`, { hint: "name a file, or - for a pipe" });
  return found.isFile() ? found.size : undefined;
}

/** Options of `belay wcfs export`. */
export interface ExportCommandOptions extends FileChoice {
  readonly at?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `belay wcfs export`: the content of a big file goes to a file or pipe. */
export async function exportCommand(zurl: string, output: string, options: ExportCommandOptions): Promise<void> {
  using signals = abortOnSignals();
  await withDatabase(zurl, async (database) => {
    const at = momentOf(database, options.at);
    const file = chooseFile(database, at, options);
    const phase = progressOnStderr(options).phase("export", "bytes", openFile(database.at(at), file).size);
    const onProgress = follow(phase);
    const { bytes } = await exportFile(database, { file, at, output, signal: signals.signal, onProgress });
    phase.end();
    const result = { event: "done", oid: formatOid(file), at: formatTid(at), bytes };
    if (options.json) process.stderr.write(`${JSON.stringify(result)}\n`);
  });
}
