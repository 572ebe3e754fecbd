import { formatOid, formatTid, type Oid } from "@belay/zodb";
import { formatBytes, renderError, toError, userError } from "@belay/supervise";
import { diffFile } from "../delta/index.ts";
import { chooseFile, type FileChoice } from "../tools/choose-file.ts";
import { fileLog } from "../tools/file-log.ts";
import { givenTid } from "../tools/given-ids.ts";
import { listBigFiles } from "../tools/list-files.ts";
import { textTable } from "../tools/text-table.ts";
import { formatRanges, oneLine, print, printJson, tidJson, tidTime } from "./print.ts";
import { momentOf, withDatabase } from "./with-database.ts";

/** Options of `belay wcfs ls`. */
export interface ListOptions {
  readonly at?: string;
  readonly json?: boolean;
}

/** `belay wcfs ls`: the big files of a database. Those that cannot be opened are told on standard error, and the exit code is 1. */
export async function listCommand(zurl: string, { at, json }: ListOptions): Promise<void> {
  await withDatabase(zurl, (database) => {
    const onDamaged = (oid: Oid, error: unknown) => {
      const told = userError("EDAMAGED", `big file ${formatOid(oid)} cannot be opened: ${toError(error).message}`);
      const { text, json: line } = renderError(told, { program: "belay" });
      process.stderr.write(`${json ? line : text}\n`);
      process.exitCode = 1;
    };
    const files = [...listBigFiles(database, momentOf(database, at), onDamaged)];
    if (json) {
      for (const file of files) printJson({ ...file, oid: formatOid(file.oid) });
      return;
    }
    const rows = files.map(({ oid, names, size, blksize, blocks }) => [
      formatOid(oid),
      names.map(shownName).join(",") || "-",
      `${size}`,
      formatBytes(blksize),
      `${blocks}`,
    ]);
    print(textTable(["OID", "NAME", "SIZE", "BLKSIZE", "BLOCKS"], rows, ["SIZE", "BLKSIZE", "BLOCKS"]));
  });
}

// A name may be any text; in a table it has to be one word of one line.
function shownName(name: string): string {
  return name === "" || name === "-" || /[",\p{C}\p{Z}]/u.test(name) ? oneLine(JSON.stringify(name)) : name;
}

/** Options of `belay wcfs log`. */
export interface LogOptions extends FileChoice {
  readonly limit?: string;
  readonly json?: boolean;
}

/** `belay wcfs log`: the revisions of a big file, newest first. */
export async function logCommand(zurl: string, options: LogOptions): Promise<void> {
  const limit = options.limit === undefined ? Infinity : parseCount(options.limit);
  await withDatabase(zurl, (database) => {
    const at = database.storage.lastTid();
    const file = chooseFile(database, at, options);
    for (const entry of fileLog(database, file, at).take(limit)) {
      const { tid, user, description, blocks, epoch } = entry;
      if (options.json) {
        printJson({ ...tidJson(tid), user, description, blocks, created: epoch });
        continue;
      }
      const changed = blocks.length === 0 ? "no blocks" : `blocks ${formatRanges(blocks)}`;
      print(`${formatTid(tid)}  ${tidTime(tid)}  ${epoch ? "created, " : ""}${changed}\n`);
      const who = [user, description].filter((text) => text !== "").join(": ");
      if (who !== "") print(`    ${oneLine(who)}\n`);
    }
  });
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw userError("EUSAGE", `"${text}" is no number`, { hint: "--limit takes a whole number" });
}

/** Options of `belay wcfs diff`. */
export interface DiffOptions extends FileChoice {
  readonly json?: boolean;
}

/** `belay wcfs diff`: the blocks of a big file that differ between two moments. */
export async function diffCommand(
  zurl: string,
  from: string,
  to: string | undefined,
  options: DiffOptions,
): Promise<void> {
  await withDatabase(zurl, (database) => {
    const [older, newer] = [givenTid(from), momentOf(database, to)];
    const file = chooseFile(database, newer, options);
    const change = diffFile(database, file, older, newer);
    const blocks = [...change.blocks].sort((a, b) => a - b);
    const replaced = change.epoch !== undefined;
    if (options.json)
      printJson({ oid: formatOid(file), from: formatTid(older), to: formatTid(newer), blocks, replaced });
    else if (replaced)
      print("the file was created, or its block size or block table replaced: everything may differ\n");
    else for (const block of blocks) print(`${block}\n`);
  });
}
