import { join } from "node:path";
import { sessionFolder, type Session } from "./session.ts";

/** Folders and files that do not depend on a session. */
export interface Places {
  /** State of glusterd and of sessions; `/var/lib/glusterd` unless `GLUSTERD_WORKDIR` says otherwise. */
  readonly workDirectory: string;
  /** Pid files; `/var/run/gluster` unless `DEFAULT_VAR_RUN_DIRECTORY` says otherwise. */
  readonly runDirectory: string;
  /** Logs; what the configuration says unless `BELAY_LOG_DIR` says otherwise. */
  readonly logs?: string | undefined;
  /** Defaults of this machine, where they differ from the built-in ones. */
  readonly machineConfig: string;
}

/** The places as glusterd hands them down in the environment, or where Gluster has them by default. A variable that is empty says nothing. */
export function placesOf(env: NodeJS.ProcessEnv): Places {
  const said = (name: string) => (env[name] === "" ? undefined : env[name]);
  return {
    workDirectory: said("GLUSTERD_WORKDIR") ?? "/var/lib/glusterd",
    runDirectory: said("DEFAULT_VAR_RUN_DIRECTORY") ?? "/var/run/gluster",
    logs: said("BELAY_LOG_DIR"),
    machineConfig: "/etc/glusterfs/gsyncd.conf",
  };
}

/** Folder of all sessions. */
export function sessionsDirectory({ workDirectory }: Places): string {
  return join(workDirectory, "geo-replication");
}

/** Where the configuration of a session is unless a call names another file. */
export function sessionConfigPath(places: Places, session: Session): string {
  return join(sessionsDirectory(places), sessionFolder(session), "gsyncd.conf");
}

/**
 * Tells whether a path is where glusterd keeps configurations: `…/geo-replication/<session>/gsyncd.conf` or the template beside the
 * sessions.
 */
export function isSessionPath(path: string): boolean {
  return /\/geo-replication\/(?:[^/]+\/gsyncd\.conf|gsyncd_template\.conf)$/.test(path);
}
