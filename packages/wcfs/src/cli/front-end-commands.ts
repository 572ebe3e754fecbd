/** Commands of the front end; each takes the zurl as its last argument. */
export const frontEndCommands = ["serve", "start", "status", "stop"] as const;
export type FrontEndCommand = (typeof frontEndCommands)[number];

/** Tells whether a first argument calls the front end rather than the server. */
export function isFrontEndCommand(word: string): word is FrontEndCommand {
  return (frontEndCommands as readonly string[]).includes(word);
}

/** What is printed to who calls it otherwise. */
export function frontEndUsage(program: string): string {
  return (
    "Wcfs serves WCFS filesystem for ZODB at zurl for wendelin.core .\n\n" +
    `Usage: ${program} (serve|stop|status) [-h | wcfs.go options] zurl\n`
  );
}
