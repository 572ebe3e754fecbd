/** A place in the journal. */
export interface Position {
  readonly segment: number;
  /** Bytes from the segment's begin. */
  readonly offset: number;
}

export function comparePositions(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset;
}
