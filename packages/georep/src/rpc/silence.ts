/** How long the other end has been silent although it was asked something. */
export interface Silence {
  /** Milliseconds, counted in beats of the connection; 0: it answers, or was not asked anything. */
  readonly ms: number;
  /** Told of each beat of a silence, and when it ends. */
  onChange: (ms: number) => void;
}

/** A silence as the connection sees it. */
export class CountedSilence implements Silence {
  ms = 0;
  onChange: (ms: number) => void = () => undefined;

  set(ms: number): void {
    if (ms === this.ms) return;
    this.ms = ms;
    this.onChange(ms);
  }
}
