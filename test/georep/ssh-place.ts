import { gsyncd, type GsyncdPlace } from "./gsyncd-place.ts";
import type { Sshd } from "./sshd.ts";

/** What a key is tied to: our program, in this place. */
export function forced(place: GsyncdPlace, ...more: string[]): string {
  const env = ["BELAY_RUN_DIR", "BELAY_LOG_DIR", "GLUSTERD_WORKDIR"].map((name) => `${name}=${place.env[name] ?? ""}`);
  return ["env", ...env, gsyncd, ...more].join(" ");
}

/** Has a place's command reach its other end through an sshd. */
export function configureForSshd(place: GsyncdPlace, sshd: Sshd): void {
  const port = String(sshd.port);
  place.configure({ "ssh-command": "/usr/bin/ssh", "ssh-options": sshd.options.join(" "), "ssh-port": port });
}
