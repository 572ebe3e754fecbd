import { dirty } from "../journal/record.ts";
import { gapRecord, type ChangeSource, type SourceContext } from "./change-source.ts";

/** Has the whole tree compared from time to time: for file systems that tell nothing. */
export function watchByScan({ tree, tell, scanEveryMs }: SourceContext): ChangeSource {
  const scan = () => tell([gapRecord(dirty.gap, tree.rootId)]);
  const timer = setInterval(scan, scanEveryMs);
  return {
    kind: "scan",
    drain: scan,
    failed: new Promise(() => undefined),
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
