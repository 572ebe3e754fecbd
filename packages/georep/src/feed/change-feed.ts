import type { Position } from "../journal/position.ts";
import type { DirtyRecord } from "../journal/record.ts";
import type { SourceKind } from "../sources/change-source.ts";

/** What became dirty, in order, and the means to be sure that nothing is missing. */
export interface ChangeFeed extends AsyncDisposable {
  readonly kind: SourceKind;
  /** Changes with every gap in the watching: a cursor of another incarnation says nothing. */
  readonly incarnation: string;
  /** Before the first record there is. */
  readonly start: Position;
  /** Behind the last record that is known of. */
  readonly end: Position;
  /**
   * Records from a position on, about a megabyte at most; none, and {@link end}, at the end. Where the journal is damaged a record says that
   * anything may have changed.
   */
  read(from: Position): { records: DirtyRecord[]; next: Position };
  /** Gives up what lies wholly before a position. */
  trim(before: Position): void;
  /** Called whenever {@link end} moved, or {@link trouble} began or ended. */
  onAppend: () => void;
  /**
   * Resolves with a position behind everything that was changed before the call.
   *
   * @throws why watching cannot go on
   */
  drain(): Promise<Position>;
  /** Why changes wait in memory instead of in the journal just now. */
  readonly trouble: Error | undefined;
  /** Settles when watching cannot go on. */
  readonly failed: Promise<Error>;
}
