import { endText, parseEnd, pathOf, shortEnd } from "../ends.ts";
import { listSessions } from "../find-session.ts";
import { reportOf } from "../report.ts";
import { tableText } from "../table.ts";
import type { Context } from "./context.ts";

/** `belay georep list` */
export function list({ places, talk }: Context): number {
  const sessions = listSessions(places);
  const rows = sessions.map((known) => {
    const { state } = reportOf(places, known);
    talk.tell({
      name: known.name,
      id: known.id,
      source: endText(known.source),
      destination: endText(known.destination),
      state,
      created: new Date(known.created * 1000).toISOString(),
      folder: known.folder,
    });
    return [known.name, shortEnd(known.source), shortEnd(known.destination), state];
  });
  if (rows.length === 0) talk.say("no sessions: belay georep create SRC DST makes one");
  else talk.say(tableText(["NAME", "SOURCE", "DESTINATION", "STATE"], rows));
  return 0;
}

/** `belay georep normalize SRC [DST]`: urls of the places that were typed, a line each. */
export function normalize({ talk, cwd }: Context, words: readonly string[]): number {
  for (const word of words) {
    const end = parseEnd(word, cwd);
    talk.say(endText(end));
    talk.tell({ given: word, url: endText(end), path: pathOf(end) });
  }
  return 0;
}
