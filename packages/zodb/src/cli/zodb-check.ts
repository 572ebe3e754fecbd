import { closeSync, fstatSync } from "node:fs";
import { resolve } from "node:path";
import { isZodbError } from "../errors/zodb-error.ts";
import { readMagic } from "../filestorage/generation.ts";
import { indexPath, readIndexFile, type SavedIndex } from "../filestorage/index-file.ts";
import { openRegular } from "../filestorage/open-regular.ts";
import type { OidIndex } from "../filestorage/oid-index.ts";
import { formatOid } from "../ids/oid.ts";
import { openStorage, parseZurl } from "../zurl/index.ts";
import { readZconfigDatabase } from "../zurl/zconfig-database.ts";
import { FileChecker, type FileCheck } from "./check-file.ts";
import { checkObjects } from "./check-objects.ts";
import { Output, processIo, type CommandIo } from "./io.ts";

/** Options of `belay zodb check`. */
export interface ZodbCheckOptions {
  /** Also look for references to objects that do not exist. */
  readonly refs?: boolean;
  /** Also check the inner consistency of BTrees. */
  readonly btrees?: boolean;
  readonly json?: boolean;
}

/**
 * `belay zodb check ZURL`: checks a whole database and prints each problem on a line. What a crash left behind the newest
 * transaction is no problem: the next writer cuts it off.
 *
 * @returns the exit code: 0 sound, 1 not
 */
export async function zodbCheck(
  zurl: string,
  options: ZodbCheckOptions = {},
  io: CommandIo = processIo(),
): Promise<number> {
  const report = new Report(options.json ?? false);
  const path = fileOf(zurl);
  let summary: Record<string, unknown> = {};
  if (path !== undefined) summary = await checkFile(path, report, io);
  await report.flush(io);
  if (options.refs || options.btrees) {
    const unchecked = await checkStoredObjects(zurl, options, report, io);
    // Neither sound nor not: said, so that nobody takes them for checked.
    if (unchecked > 0) summary = { ...summary, unchecked_trees: unchecked };
  }
  await report.end(io, summary);
  return report.count === 0 ? 0 : 1;
}

function fileOf(zurl: string): string | undefined {
  const parsed = parseZurl(zurl);
  const database = parsed.kind === "zconfig" ? readZconfigDatabase(parsed.path, parsed.database) : parsed;
  return database.kind === "file" ? resolve(database.path) : undefined;
}

async function checkFile(path: string, report: Report, io: CommandIo): Promise<Record<string, unknown>> {
  const fd = openRegular(path, "r");
  try {
    const { size } = fstatSync(fd);
    readMagic(path, fd, size);
    const checker = new FileChecker(path, fd, size, ({ offset, what }) =>
      report.add(`${path}: offset ${offset}: ${what.replace(`${path}: `, "")}`),
    );
    const check = await runChecker(checker, size, report, io);
    checkIndexFile(path, size, check, report);
    const { transactions, records, end, tail } = check;
    return {
      path,
      size,
      transactions,
      records,
      objects: check.index.size,
      end,
      ...(tail === undefined ? {} : { tail }),
    };
  } catch (error) {
    if (!isZodbError(error)) throw error;
    report.add(error.message);
    return { path };
  } finally {
    closeSync(fd);
  }
}

async function runChecker(checker: FileChecker, size: number, report: Report, io: CommandIo): Promise<FileCheck> {
  const phase = io.progress?.phase("check", "bytes", size);
  const steps = checker.run();
  let done = 0;
  for (let step = steps.next(), i = 1; ; step = steps.next(), i++) {
    if (step.done === true) {
      phase?.end();
      return step.value;
    }
    if (i % 256 !== 0) continue;
    phase?.advance(step.value - done);
    done = step.value;
    await report.flush(io);
  }
}

function checkIndexFile(path: string, size: number, check: FileCheck, report: Report): void {
  const reader = readIndexFile(path, size);
  let step = reader.next();
  while (step.done !== true) step = reader.next();
  const saved = step.value;
  // A stale index is normal while a writer has the file open; only one that claims to be complete can be compared.
  if (typeof saved === "string" || saved.pos !== check.end) return;
  const wrong = firstDifference(saved, check.index);
  if (wrong !== undefined) report.add(`${indexPath(path)}: ${wrong}; remove it, it will be made anew`);
}

function firstDifference({ index }: SavedIndex, found: OidIndex): string | undefined {
  for (const [oid, offset] of found.entries()) {
    const told = index.get(oid);
    if (told !== offset) return `object ${formatOid(oid)} is at ${offset}, not at ${told}`;
  }
  return index.size === found.size ? undefined : `${index.size - found.size} objects too many`;
}

/** @returns how many trees could not be checked */
async function checkStoredObjects(
  zurl: string,
  options: ZodbCheckOptions,
  report: Report,
  io: CommandIo,
): Promise<number> {
  let unchecked = 0;
  try {
    await using storage = await openStorage(zurl);
    const phase = io.progress?.phase("objects", "items");
    const checks = { refs: options.refs ?? false, btrees: options.btrees ?? false };
    const steps = checkObjects(
      storage,
      checks,
      (what) => report.add(what),
      () => unchecked++,
    );
    for (let objects = 1; steps.next().done !== true; objects++) {
      if (objects % 1024 !== 0) continue;
      phase?.advance(1024);
      await report.flush(io);
    }
    phase?.end();
  } catch (error) {
    if (!isZodbError(error)) throw error;
    report.add(`objects cannot be checked: ${error.message}`);
  }
  return unchecked;
}

/** Problems as lines, written as they come. */
class Report {
  count = 0;
  readonly #json: boolean;
  readonly #waiting: string[] = [];

  constructor(json: boolean) {
    this.#json = json;
  }

  add(problem: string): void {
    this.count++;
    this.#waiting.push(this.#json ? JSON.stringify({ problem }) : problem);
  }

  async flush(io: CommandIo): Promise<void> {
    const out = new Output(io);
    for (const line of this.#waiting.splice(0)) await out.write(`${line}\n`);
    await out.flush();
  }

  async end(io: CommandIo, summary: Record<string, unknown>): Promise<void> {
    await this.flush(io);
    const all = { problems: this.count, ...summary };
    const text = Object.entries(all).map(([name, value]) => `${name}=${String(value)}`);
    await io.out(this.#json ? `${JSON.stringify(all)}\n` : `${text.join(" ")}\n`);
  }
}
