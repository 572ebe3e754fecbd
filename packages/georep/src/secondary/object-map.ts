import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";

import { blobOf } from "../database/blob-of.ts";
import { keyOf, statIdOf, type FileId, type IdRoom, type Origin } from "../ids/file-id.ts";
import { IdHash } from "../ids/id-hash.ts";
import { Arrivals, type Arrival } from "./arrivals.ts";
import type { FillReader } from "../rpc/fill-messages.ts";
import { IdFilter } from "./id-filter.ts";
import { RecentObjects } from "./recent-objects.ts";
import { indexKey } from "./index-key.ts";
import {
  toChild,
  toName,
  toObject,
  type MappedChild,
  type MappedName,
  type MappedObject,
  type MappedRow,
} from "./map-rows.ts";
import { childrenSql, forgetFormer, keepFormer, openTables, statements } from "./map-schema.ts";

/**
 * Which object of the source is which here, and under which names; a database with one transaction for each batch.
 *
 * It is a memory, not the truth: every use compares it with the file system.
 */
export class ObjectMap implements Disposable {
  readonly #database: DatabaseSync;
  readonly #sql: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #children: StatementSync;
  /** Of all objects; undefined when there were some already: to learn their ids would cost more than it spares. */
  #ids: IdFilter | undefined;
  readonly #hash = new IdHash();
  readonly #recent = new RecentObjects();
  readonly #arrivals: Arrivals;
  /** Number of the next object: each is higher than all before it. */
  #next: number;
  #mayBeTakenBack = false;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    openTables(this.#database);
    const prepared = Object.entries(statements).map(([name, sql]) => {
      const statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      return [name, statement];
    });
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>;
    this.#children = this.#database.prepare(childrenSql);
    this.#children.setReadBigInts(true);
    this.#children.setReturnArrays(true);
    this.#arrivals = new Arrivals(this.#database);
    this.#next = Number(this.#sql.last.get()?.["num"]) + 1;
    if (this.#next === 1) this.#ids = new IdFilter();
  }

  begin(): void {
    if (this.#database.isTransaction) return;
    this.#forgetIfTakenBack();
    this.#database.exec("BEGIN IMMEDIATE");
    this.#mayBeTakenBack = true;
  }

  /** A batch is under way. A database that has no room, or cannot be written to, takes all of one back by itself. */
  get isBegun(): boolean {
    return this.#database.isTransaction;
  }

  /** Takes back everything since {@link begin}. */
  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    this.#forgetIfTakenBack();
  }

  commit(): void {
    if (!this.#database.isTransaction) return;
    this.#arrivals.flush();
    this.#database.exec("COMMIT");
    this.#mayBeTakenBack = false;
  }

  get(id: FileId): MappedObject | undefined {
    this.#forgetIfTakenBack();
    const key = keyOf(id);
    const recent = this.#recent.object(key);
    if (recent !== undefined) return recent;
    if (this.#isNew(id)) return undefined;
    const object = toObject(this.#rowOf(this.#sql.get, id));
    if (object !== undefined) this.#recent.noteObject(key, object);
    return object;
  }

  /** As {@link get}, for objects that are most likely not known. */
  isKnown(id: FileId): boolean {
    return this.#find(id) !== undefined;
  }

  /** As {@link isKnown}, of a file that is to be made. */
  isKnownFile(file: FillReader): boolean {
    this.#hash.take(file.view, file.idAt, file.nameAt);
    return this.#ids?.mayHold(this.#hash) !== false && this.#find(file.id) !== undefined;
  }

  /**
   * What a file or directory here stands for.
   *
   * @param here  its id
   * @param origin  without it a file is not found whose id in the map is that of `statIdOf`; a directory has no such id
   */
  byHere(here: FileId, origin: Origin | undefined): MappedObject | undefined {
    this.#forgetIfTakenBack();
    const [key, other] = [indexKey(here), origin === undefined ? here : statIdOf(origin)];
    const found = this.#sql.byHere.get(key, here, other);
    if (found !== undefined || !this.#arrivals.mayBeHere(here)) return toObject(found);
    this.#settle();
    return toObject(this.#sql.byHere.get(key, here, other));
  }

  put(object: MappedObject): void {
    const { id, here, mode, size, mtime, ctime, hereCtime } = object;
    this.#recent.noteObject(keyOf(id), { ...object, id: Buffer.from(id), here: Buffer.from(here) });
    const known = this.#find(id);
    if (known === undefined) {
      const num = this.#insertNew(object);
      this.#recent.noteRow(keyOf(id), { num, here: Buffer.from(here) });
      return;
    }
    this.#sql.update.run(mode, size, mtime, ctime, hereCtime, known.num);
    if (known.here.equals(here)) return;
    this.#sql.setHere.run(indexKey(here), here, known.num);
    this.#recent.noteRow(keyOf(id), { num: known.num, here: Buffer.from(here) });
  }

  /** An object that is not known, and its only name: costs half of `put` and `putName`. */
  putNew(object: MappedObject, { parent, name }: MappedName): void {
    const directory = this.#numberOf(parent);
    this.#recent.forgetNamesOf(keyOf(object.id));
    if (directory === undefined) this.#insertNew(object);
    else this.#putIn(directory, name, object);
  }

  /** Number of a directory, for {@link putFilled}. */
  numberOf(directory: FileId): number | undefined {
    this.#recent.forgetNames();
    return this.#numberOf(directory);
  }

  /**
   * As {@link putNew}, of a file that was made and looked at just now. It is sorted in later.
   *
   * @param directory  see {@link numberOf}; nobody has asked for names of the object since
   * @param here  its id here; empty: that of `statIdOf`
   */
  putFilled(directory: number, file: FillReader, here: IdRoom): void {
    this.#hash.take(file.view, file.idAt, file.nameAt);
    this.#ids?.add(this.#hash);
    this.#arrivals.add(directory, this.#next++, file, this.#hash, here);
    if (this.#arrivals.isFull) this.durably(() => this.#sortIn(this.#arrivals.take()));
  }

  /**
   * Sorts in what waits for it, some hundred at most, unless a batch is under way.
   *
   * @param note  notes something along with it
   * @returns whether more waits
   */
  settleSome(note: () => void): boolean {
    if (this.#arrivals.waiting === 0 || this.#database.isTransaction) return false;
    this.durably(() => {
      this.#sortIn(this.#arrivals.take());
      note();
    });
    return this.#arrivals.waiting > 0;
  }

  namesOf(id: FileId): readonly MappedName[] {
    this.#forgetIfTakenBack();
    const key = keyOf(id);
    const recent = this.#recent.names(key);
    if (recent !== undefined) return recent;
    this.#find(id);
    const names = this.#sql.namesOf.all(indexKey(id), id).map(toName);
    this.#recent.noteNames(key, names);
    return names;
  }

  /** The objects of names in a directory, from a name to another; the caller sees to it that they are not too many. */
  children(parent: FileId, first: Buffer, last: Buffer): MappedChild[] {
    const directory = this.#numberOf(parent);
    if (directory === undefined) return [];
    this.#settleNamesIn(directory);
    return this.#children.all(directory, first, last).map((row) => toChild(row as unknown as SQLOutputValue[]));
  }

  /** Notes a name of an object; both it and the directory are known, or there is nothing to be noted. */
  putName({ parent, name }: MappedName, id: FileId): void {
    this.#recent.forgetNames();
    const [directory, object] = [this.#numberOf(parent), this.#numberOf(id)];
    if (directory === undefined || object === undefined) return;
    this.#settleName(directory, name);
    this.#sql.putName.run(directory, name, object);
  }

  removeName({ parent, name }: MappedName): void {
    this.#recent.forgetNames();
    const directory = this.#numberOf(parent);
    if (directory === undefined) return;
    this.#settleName(directory, name);
    this.#sql.removeName.run(directory, name);
  }

  removeNamesOf(id: FileId): void {
    if (this.#isNew(id)) return;
    this.#recent.forgetNames();
    this.#find(id);
    this.#sql.removeNamesOf.run(indexKey(id), id);
  }

  /** Forgets an object and all below it, except what has names elsewhere. */
  removeTree(id: FileId): void {
    this.#recent.forget();
    this.#settle();
    this.#sql.below.run(indexKey(id), id);
    this.#sql.removeNamesBelow.run();
    this.#sql.removeNameless.run();
    this.#sql.forgetGone.run();
  }

  /** Forgets an object that stands for nothing any more. */
  removeObject(id: FileId): void {
    this.#recent.forget();
    const known = this.#find(id);
    if (known === undefined) return;
    this.#settleNamesIn(known.num);
    this.#sql.removeNamesOf.run(indexKey(id), id);
    this.#sql.removeChildren.run(known.num);
    this.#sql.removeObject.run(known.num);
    this.#recent.forget();
  }

  /** From now on what stands for an object now, and will no more, is remembered; outside a batch. */
  keepFormer(): void {
    this.#database.exec(keepFormer(this.#next - 1));
  }

  /** Tells of something here whether it has stood for an object, as far as that was remembered. @param origin  as in {@link byHere} */
  wasOurs(here: FileId, origin: Origin | undefined): boolean {
    return this.#sql.wasOurs.get(indexKey(here), here, origin === undefined ? here : statIdOf(origin)) !== undefined;
  }

  forgetFormer(): void {
    this.#database.exec(forgetFormer);
  }

  /** Notes a name that its object has lost at the source, and keeps here. */
  spare({ parent, name }: MappedName, id: FileId): void {
    this.#sql.spare.run(parent, name, id);
  }

  sparedOf(id: FileId): MappedName[] {
    return this.#sql.sparedOf.all(id).map(toName);
  }

  removeSpared({ parent, name }: MappedName): void {
    this.#sql.removeSpared.run(parent, name);
  }

  /** Lets one directory take the place of another, with what is in it. */
  replaceDirectory(old: FileId, by: FileId): void {
    this.#recent.forget();
    const [was, is] = [this.#find(old), this.#find(by)];
    if (was === undefined) return;
    this.#settleNamesIn(was.num);
    if (is === undefined) {
      this.removeNamesOf(old);
      this.#ids?.add(this.#hash.of(by));
      this.#sql.setId.run(indexKey(by), by, was.num);
      this.#recent.forget();
      return;
    }
    this.#settleNamesIn(is.num);
    this.#sql.reparent.run(is.num, was.num);
    this.removeObject(old);
  }

  /** Forgets everything. */
  clear(): void {
    this.#database.exec(
      "DELETE FROM names; DELETE FROM objects; DELETE FROM arrivals; DELETE FROM spared; DELETE FROM former",
    );
    this.#arrivals.reload();
    this.#ids = new IdFilter();
    this.#recent.forget();
  }

  fact(key: string): Buffer | undefined {
    const row = this.#sql.fact.get(key);
    return row && blobOf(row["value"]);
  }

  putFact(key: string, value: Uint8Array): void {
    this.#sql.putFact.run(key, value);
  }

  [Symbol.dispose](): void {
    this.rollback();
    this.#database.close();
  }

  // A database that has no room takes a batch back without a word.
  #forgetIfTakenBack(): void {
    if (!this.#mayBeTakenBack || this.#database.isTransaction) return;
    this.#recent.forget();
    this.#arrivals.reload();
    this.#mayBeTakenBack = false; // should it fail, it is tried again
  }

  /** It is surely not known. */
  #isNew(id: FileId): boolean {
    return this.#ids?.mayHold(this.#hash.of(id)) === false;
  }

  // What is in the tables does not wait. If what is asked for does, more of it will be asked for.
  #rowOf(statement: StatementSync, id: FileId): ReturnType<StatementSync["get"]> {
    const row = statement.get(indexKey(id), id);
    if (row !== undefined || !this.#arrivals.has(id)) return row;
    this.#settle();
    return statement.get(indexKey(id), id);
  }

  #settleName(directory: number, name: Buffer): void {
    if (this.#arrivals.hasName(directory, name)) this.#settle(directory);
  }

  #settleNamesIn(directory: number): void {
    if (this.#arrivals.mayHoldNamesIn(directory)) this.#settle(directory);
  }

  #settle(directory?: number): void {
    this.#forgetIfTakenBack();
    this.durably(() => {
      for (let taken = this.#arrivals.take(directory); taken.length > 0; taken = this.#arrivals.take(directory))
        this.#sortIn(taken);
    });
  }

  /** Changes something as part of the batch, or all of it at once. A part of it never stays: what is taken out may be all that is known of a file. */
  durably(change: () => void): void {
    const isPart = this.#database.isTransaction;
    this.begin();
    try {
      change();
      if (!isPart) this.commit();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  #sortIn(arrivals: readonly Arrival[]): void {
    this.#recent.forgetNames();
    for (const { num, parent, name, object } of arrivals) {
      this.#insert(object, num);
      this.#sql.putName.run(parent, name, num);
    }
  }

  #putIn(directory: number, name: Buffer, object: MappedObject): void {
    this.#settleName(directory, name);
    const num = this.#insertNew(object);
    try {
      this.#sql.insertName.run(directory, name, num);
    } catch (error) {
      // Whatever we remember of the name, it was free. After any other error the batch may have been taken back.
      if (!isTaken(error)) throw error;
      this.#recent.forgetNames();
      this.#sql.putName.run(directory, name, num);
    }
  }

  #find(id: FileId): MappedRow | undefined {
    this.#forgetIfTakenBack();
    if (this.#isNew(id)) return undefined;
    const key = keyOf(id);
    const recent = this.#recent.row(key);
    if (recent !== undefined) return recent;
    const found = this.#rowOf(this.#sql.numAndHere, id);
    if (found === undefined) return undefined;
    const row = { num: Number(found["num"]), here: blobOf(found["here"]) };
    this.#recent.noteRow(key, row);
    return row;
  }

  #numberOf(id: FileId): number | undefined {
    return this.#find(id)?.num;
  }

  #insertNew(object: MappedObject): number {
    this.#ids?.add(this.#hash.of(object.id));
    const num = this.#next++;
    this.#insert(object, num);
    return num;
  }

  #insert({ id, here, mode, size, mtime, ctime, hereCtime }: MappedObject, num: number): void {
    this.#sql.insert.run(num, indexKey(id), id, indexKey(here), here, mode, size, mtime, ctime, hereCtime);
  }
}

/** SQLITE_CONSTRAINT_PRIMARYKEY. */
const primaryKeyTaken = 1555;

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === primaryKeyTaken;
