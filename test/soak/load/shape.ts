/** Blocks of the file, a page each: few, so that readers and commits meet. */
export const blocks = 32;
