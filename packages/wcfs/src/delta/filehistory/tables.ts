import type { Oid, Tid } from "@belay/zodb";
import type { Table, TrackedFile } from "./tracked-file.ts";

/** The block tables that files have at head, or had at some time in (tail, head]. */
export class Tables {
  readonly #tables = new Map<Oid, Table>();
  // Those without a user at head.
  readonly #retired = new Set<Table>();

  /** @param head the moment until which a table without users is of use: one asked for because of an old era is retired from the start */
  of(root: Oid, head: Tid): Table {
    let table = this.#tables.get(root);
    if (!table) {
      table = { root, users: new Set(), lastEnd: head };
      this.#tables.set(root, table);
      this.#retired.add(table);
    }
    return table;
  }

  addUser(table: Table, file: TrackedFile): void {
    table.users.add(file);
    this.#retired.delete(table);
  }

  /** The file has another table, or none, from `end` on. */
  removeUser(table: Table, file: TrackedFile, end: Tid): void {
    table.users.delete(file);
    table.lastEnd = end;
    if (table.users.size === 0) this.#retired.add(table);
  }

  /** Forgets the tables that no file has after `tail`, and returns them. */
  dropUnused(tail: Tid): Table[] {
    const unused = [...this.#retired].filter(({ lastEnd }) => lastEnd <= tail);
    for (const table of unused) {
      this.#retired.delete(table);
      this.#tables.delete(table.root);
    }
    return unused;
  }
}
