import type { Oid } from "@belay/zodb";
import { ManyMap } from "./many-map.ts";

/** A block of a block table with the object it is linked to at head. */
export interface Link<Table> {
  readonly table: Table;
  readonly blk: number;
  readonly zblk: Oid | undefined;
}

/** The known links of all block tables at head, in both directions. */
export class LinkTable<Table extends object> {
  readonly #byBlock = new Map<Table, Map<number, Link<Table>>>();
  readonly #byObject = new ManyMap<Oid, Link<Table>>();

  /** undefined: not known; a link without `zblk` is a hole. */
  get(table: Table, blk: number): Link<Table> | undefined {
    return this.#byBlock.get(table)?.get(blk);
  }

  /** The blocks linked to an object. */
  of(zblk: Oid): Iterable<Link<Table>> {
    return this.#byObject.get(zblk);
  }

  set(table: Table, blk: number, zblk: Oid | undefined): void {
    let links = this.#byBlock.get(table);
    if (!links) this.#byBlock.set(table, (links = new Map<number, Link<Table>>()));
    const known = links.get(blk);
    if (known && known.zblk === zblk) return;
    if (known?.zblk !== undefined) this.#byObject.delete(known.zblk, known);
    const link = { table, blk, zblk };
    links.set(blk, link);
    if (zblk !== undefined) this.#byObject.add(zblk, link);
  }

  /** Forgets all links of a table. */
  drop(table: Table): void {
    for (const link of this.#byBlock.get(table)?.values() ?? []) {
      if (link.zblk !== undefined) this.#byObject.delete(link.zblk, link);
    }
    this.#byBlock.delete(table);
  }
}
