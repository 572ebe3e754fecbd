import type { Socket } from "node:net";

import { BelayError } from "@belay/supervise";

const longest = 64 * 1024;

/** Calls back for each line that arrives; a peer whose line does not end, or that the callback throws at, is cut off. */
export function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    try {
      if (rest.length > longest) throw new BelayError("EPROTO", "a line without an end");
      for (const line of lines) take(line);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  });
}
