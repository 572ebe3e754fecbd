import { createHash } from "node:crypto";

/** The unit that clients and commits are told apart by. */
export const PAGE = 4096;

/** A page that says a text: the text, a zero, and bytes that follow from both, so that no byte of it can be another page's. */
export function pageOf(text: string, index: number): Buffer {
  const digest = createHash("sha1").update(`${index} ${text}`).digest();
  const page = Buffer.alloc(PAGE, digest);
  page.write(`${text}\0`, "latin1");
  return page;
}

/** What the page of that index in its block says; a page of zeros says nothing. @returns the text, or what is wrong with it */
export function textOf(page: Buffer, index: number): string {
  const text = page.toString("latin1", 0, Math.min(64, Math.max(0, page.indexOf(0))));
  const expected = text === "" ? zeros : pageOf(text, index);
  if (page.equals(expected)) return text;
  return `${text}?${page.findIndex((byte, at) => byte !== expected[at])}`;
}

const zeros = Buffer.alloc(PAGE);

/** A block whose pages all say a text. */
export function blockOf(text: string, blksize: number): Buffer {
  return Buffer.concat(Array.from({ length: blksize / PAGE }, (_, index) => pageOf(text, index)));
}

/** What a block says: once what all its pages say, else everything that is said in it. */
export function textOfBlock(block: Buffer): string {
  const texts = new Set<string>();
  for (let at = 0; at < block.length; at += PAGE) texts.add(textOf(block.subarray(at, at + PAGE), at / PAGE));
  return [...texts].join("|");
}
