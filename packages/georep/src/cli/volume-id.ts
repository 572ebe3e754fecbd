import { run } from "@belay/supervise";
import type { Invocation } from "./session-request.ts";

/** `voluuidget HOST VOLUME`: prints the id of a volume of another cluster, or nothing when that cannot be found out. */
export async function volumeId({ args, terminal, inet6 }: Invocation): Promise<number> {
  const [host = "", volume = ""] = args.positionals;
  const argv = ["gluster", "--xml", `--remote-host=${host}`, "volume", "info", volume, ...(inet6 ? ["--inet6"] : [])];
  try {
    const { stdout } = await run(argv, { signal: AbortSignal.timeout(120_000) });
    const id = /<id>([\da-f-]{36})<\/id>/i.exec(stdout.toString())?.[1];
    if (id !== undefined) terminal.out(`${id}\n`);
  } catch {
    // glusterd takes silence for "not known"
  }
  return 0;
}
