import type { LiveConfig } from "../config/live-config.ts";
import type { Places } from "../session/places.ts";
import type { Session } from "../session/session.ts";
import type { Resource } from "../url/resource.ts";

/** What every long-running role is told. */
export interface RoleRequest {
  readonly places: Places;
  readonly session: Session;
  /** The source. */
  readonly primary: Resource;
  /** Where it goes to; for the role `secondary` the place here that is written to. */
  readonly secondary: Resource;
  readonly config: LiveConfig;
  /** Locked while the role runs; undefined: it has none. */
  readonly pidFile: string | undefined;
  /** The role stays in the foreground, and logs to stderr at the level DEBUG. */
  readonly debug: boolean;
  /** The role stays in the foreground; true also whenever `debug` is. */
  readonly foreground: boolean;
  readonly inet6: boolean;
}

/** `gsyncd monitor`: one per node and session; becomes a daemon unless told to stay. */
export interface MonitorRequest extends RoleRequest {
  /** The process group stops itself (SIGSTOP) once the daemon runs. */
  readonly pauseOnStart: boolean;
  readonly localNodeId: string | undefined;
  /** Bricks and ids of the volumes come from the configuration instead of from Gluster. */
  readonly useConfiguredVolumes: boolean;
  /** Arguments of this program that make it the worker for a brick or source, in the words this monitor was called in. */
  workerArguments(localPath: string, feedbackFd: number): string[];
  /** Likewise those of the agent that watches a source. */
  agentArguments(localPath: string): string[];
}

/** `gsyncd worker`: one per local brick or source. */
export interface WorkerRequest extends RoleRequest {
  /** Brick, or directory that is replicated. */
  readonly localPath: string | undefined;
  /** Closed when the worker is connected; see the monitor. */
  readonly feedbackFd: number | undefined;
  /** How often the destination is to be made equal before the worker ends, with exit code 0; 0: it goes on for ever. */
  readonly turns: number;
  readonly localNode: string | undefined;
  readonly localNodeId: string | undefined;
  readonly subvolume: string | undefined;
  readonly hotTier: boolean;
  readonly remoteNode: string | undefined;
  readonly remoteNodeId: string | undefined;
  readonly secondaryId: string | undefined;
}

/** `gsyncd secondary`: serves the protocol on stdin and stdout. */
export interface SecondaryRequest extends RoleRequest {
  /** Id of the primary volume, or of the source. */
  readonly sessionOwner: string | undefined;
  /** Folders that the destination has to be one of, or lie in, whatever links there are; undefined: any. */
  readonly onlyRoots: readonly string[] | undefined;
  readonly primaryBrick: string | undefined;
  readonly primaryNode: string | undefined;
  readonly primaryNodeId: string | undefined;
  readonly localNode: string | undefined;
  readonly localNodeId: string | undefined;
  readonly primaryDistributionCount: number | undefined;
  /** The worker is our parent process, and may have us copy what it has open. Never for a call that came through a key. */
  readonly copiesFromParent: boolean;
}

/** The long-running roles. Each resolves to the exit code of the process. */
export interface Roles {
  monitor(request: MonitorRequest): Promise<number>;
  worker(request: WorkerRequest): Promise<number>;
  secondary(request: SecondaryRequest): Promise<number>;
}
