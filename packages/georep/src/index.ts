export {
  canConnect,
  type FileResource,
  type GlusterResource,
  type Resource,
  type SshResource,
} from "./url/resource.ts";
export { formatResource, type UrlForm } from "./url/format.ts";
export { parseResource } from "./url/parse.ts";
export { gsyncdMain } from "./cli/gsyncd-main.ts";
export { gsyncdRoles } from "./roles/lazy-roles.ts";
export { gsyncdVersion } from "./cli/gsyncd-version.ts";
export { standardStreams, type Terminal } from "./cli/output.ts";
export type { MonitorRequest, RoleRequest, Roles, SecondaryRequest, WorkerRequest } from "./cli/roles.ts";
export type { Config } from "./config/config.ts";
export { loadConfig, type ConfigRequest } from "./config/load-config.ts";
export { openLiveConfig, type LiveConfig } from "./config/live-config.ts";
export { resetOption, setOption, storeFacts } from "./config/change-config.ts";
export { placesOf, type Places } from "./session/places.ts";
export { parseSession, sessionBetween, type Session } from "./session/session.ts";
export { brickStatusPath, readBrickStatus, updateBrickStatus, type BrickStatus } from "./status/brick-status.ts";
export { extraStatusPath } from "./status/brick-status.ts";
export { readExtraStatus, type ExtraMonitor, type ExtraStatus, type ExtraWorker } from "./status/extra-status.ts";
export { workingPath } from "./session/working-path.ts";
export { readMonitorStatus, writeMonitorStatus } from "./status/monitor-status.ts";
export { showStatus, type ShownStatus } from "./status/shown-status.ts";
export { startMonitor } from "./monitor/monitor.ts";
export type { Monitor, MonitoredWork, MonitorOptions, MonitorStatus } from "./monitor/monitor.ts";
export { faultReasons, type Fault, type FaultReason } from "./monitor/fault.ts";
export { replicate, type ReplicateOptions } from "./monitor/replicate.ts";
export { defaultPolicy, policyOf, type SyncPolicy } from "./policy/policy.ts";
export { serveSecondary, type ServeOptions } from "./secondary/serve.ts";
export type { SourceKind } from "./sources/change-source.ts";
export { compareTrees, differenceText, type Difference } from "./tree/compare.ts";
export type { WorkerState, WorkerStatus } from "./worker/status.ts";
export type { Worker } from "./worker/worker.ts";
export { callWorker } from "./control/call-worker.ts";
export type {
  ControlCall,
  ControlCalls,
  ControlCheckpoint,
  ControlDifference,
  ControlRetry,
  ControlStatus,
} from "./control/messages.ts";
export * as georepCommands from "./command/index.ts";
export { georepLeftovers, type GeorepLeftover } from "./command/left-overs.ts";
export { georepPlaces, type GeorepPlaces } from "./command/places.ts";
