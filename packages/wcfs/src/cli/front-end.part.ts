import { endWhenOutputCloses, renderError } from "@belay/supervise";
import { commandLineLogger } from "../launcher/launcher-log.ts";
import { serveInPlace, showServerOptions } from "../launcher/serve.ts";
import { start } from "../launcher/start.ts";
import { status } from "../launcher/status.ts";
import { stop } from "../launcher/stop.ts";
import { frontEndUsage, type FrontEndCommand } from "./front-end-commands.ts";

/** Runs a command of the front end: the last argument is the zurl, what is before it are options for the server. */
export async function frontEndMain(
  command: FrontEndCommand,
  args: readonly string[],
  program: string,
): Promise<number> {
  const zurl = args.at(-1);
  const options = args.slice(0, -1);
  if (zurl === undefined || (takesNoOptions(command) && options.length > 0)) return usage(program);
  if (isHelp(zurl)) return command === "serve" ? showServerOptions() : usage(program);
  endWhenOutputCloses("wcfs");
  try {
    return await run(command, zurl, options);
  } catch (error) {
    const { text, exitCode } = renderError(error);
    process.stderr.write(`${text}\n`);
    return exitCode;
  }
}

async function run(command: FrontEndCommand, zurl: string, options: readonly string[]): Promise<number> {
  const logger = commandLineLogger();
  switch (command) {
    case "serve":
      return serveInPlace(zurl, { options, logger });
    case "start": {
      const server = await start(zurl, { options, logger });
      process.stdout.write(`${server.mountpoint}\n`);
      return 0;
    }
    case "status":
      await status(zurl, { logger, print: (line) => void process.stdout.write(`${line}\n`) });
      return 0;
    case "stop":
      await stop(zurl, { logger });
      return 0;
  }
}

function takesNoOptions(command: FrontEndCommand): boolean {
  return command === "status" || command === "stop";
}

function isHelp(word: string): boolean {
  return ["-h", "--h", "-help", "--help"].includes(word);
}

function usage(program: string): number {
  process.stderr.write(frontEndUsage(program));
  return 2;
}
