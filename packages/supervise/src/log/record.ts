/** Severities, least first. */
export const logLevels = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Tells whether `level` is at least as severe as `threshold`. */
export function reaches(level: LogLevel, threshold: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(threshold);
}

/** Facts that go with a message; only the JSON form shows them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One message, before it is formatted. */
export interface LogRecord {
  /** Milliseconds since 1970 with a fraction; precise to microseconds. */
  readonly time: number;
  readonly level: LogLevel;
  /** Names of the logger and its parents, joined by dots; may be empty. */
  readonly name: string;
  readonly message: string;
  readonly fields: LogFields;
  /** Thread id of the operating system. */
  readonly tid: number;
  /** Where the logger was called; only filled in when a sink asks for it. */
  readonly caller: { readonly file: string; readonly line: number } | undefined;
}

/** Where records go. Writing is synchronous: what was logged before a crash is there after it. */
export interface LogSink extends Disposable {
  /** Records below it are not given to the sink. */
  readonly threshold: LogLevel;
  /** Finding the caller costs some microseconds per record. */
  readonly wantsCaller: boolean;
  readonly write: (record: LogRecord) => void;
}
