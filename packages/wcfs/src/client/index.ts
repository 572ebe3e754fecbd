/** Views of a database's big files: as of one moment, whatever is committed. */
export { Conn } from "./conn.ts";
export type { WaitOptions } from "./conn.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect.ts";
export { FileH } from "./file-handle.ts";
export { readHead } from "./head-wait.ts";
export { Mapping } from "./mapping.ts";
