/**
 * The history of block tables and files: which blocks a commit changed, and since when a block has the content it has.
 *
 * What it keeps and why it is right is told in docs/wcfs-history.md. The package part is pure: it reads the database through
 * {@link Snapshots} and does nothing else. `FileHistory(snapshots, at0)`, `lookupBlock(snapshot, root, blk)`,
 * `lookupLast(snapshot, root)` and `diffFile(snapshots, file, from, to)` are the ways in.
 */
export type { BlockPlace, BlockRevision, Epoch, FileChange, FileRevision, KeyRange } from "./changes.ts";
export type { History } from "./contract.ts";
export type { BucketNode, FileState, Snapshot, Snapshots, TreeNode } from "./snapshot.ts";
export { diffFile } from "./filehistory/diff-file.ts";
export { FileHistory } from "./filehistory/file-history.ts";
export { lookupBlock, lookupLast } from "./treediff/lookup.ts";
export type { LastPlace } from "./treediff/lookup.ts";
