import { pathOf, shortEnd } from "./ends.ts";
import type { KnownSession } from "./known-session.ts";
import type { GeorepPlaces } from "./places.ts";

/**
 * What root's replication may need of root's power: reading everything, making every kind of file, owners and attributes; fanotify and file
 * handles (SYS_ADMIN, DAC_READ_SEARCH).
 */
export const unitCapabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_SETFCAP",
  "CAP_SYS_ADMIN",
] as const;

/** Settings that take away what no replication needs. Not MemoryDenyWriteExecute: the runtime compiles. Not PrivateDevices: device files are replicated. */
export const unitHardening = [
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "SystemCallArchitectures=native",
] as const;

// They take capabilities away, which only root's systemd may: a user's own one would not start the unit at all.
const rootHardening: ReadonlySet<string> = new Set([
  "ProtectClock=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
]);

/** Who runs a unit, and with what. */
export interface UnitRequest {
  /** Path of `belay`. */
  readonly program: string;
  /** For the systemd of a user. */
  readonly isUser: boolean;
  /** Variables that say where the session is, where it is not in its usual place. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Lines that say how a session is run, whatever its name. */
export function unitService(start: string): string[] {
  return [
    "Type=exec",
    `ExecStart=${start}`,
    "KillMode=mixed",
    "TimeoutStopSec=20",
    "Restart=on-failure",
    "RestartSec=10",
    "RestartPreventExitStatus=2",
  ];
}

/** A systemd unit for one session: root's writes nowhere but to its destination and the places of `belay georep`. */
export function unitFor(places: GeorepPlaces, known: KnownSession, request: UnitRequest): string {
  const { program, isUser, environment = {} } = request;
  const { name, source, destination } = known;
  const own = [places.workDirectory, places.logDirectory, places.runDirectory];
  const local = destination.scheme === "file" ? [pathOf(destination)] : [];
  const written = [...own, ...local];
  const root = [
    `CapabilityBoundingSet=${unitCapabilities.join(" ")}`,
    "ProtectSystem=strict",
    ...ownRuntimeDirectory,
    ...written.map((path) => `ReadWritePaths=${escapePath(`-${path}`)}`),
  ];
  const sections = [
    [
      "[Unit]",
      `Description=${escapeText(`Replication of ${shortEnd(source)} to ${shortEnd(destination)}`)}`,
      ...(isUser ? [] : ["Wants=network-online.target", "After=network-online.target local-fs.target"]),
      `RequiresMountsFor=${[source.path, ...local].map(escapePath).join(" ")}`,
    ],
    [
      "[Service]",
      ...unitService(`${escapePath(program)} georep start --foreground ${name}`),
      ...Object.entries(environment).map(([variable, value]) => `Environment=${escapePath(`${variable}=${value}`)}`),
      ...unitHardening.filter((line) => !isUser || !rootHardening.has(line)),
      ...(isUser ? [] : root),
    ],
    ["[Install]", `WantedBy=${isUser ? "default" : "multi-user"}.target`],
  ];
  return sections.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

// Ledgers, locks and sockets of all of belay: not there after the machine was started, and where all else is read-only nobody else can make it.
const ownRuntimeDirectory = ["RuntimeDirectory=belay", "RuntimeDirectoryMode=0700", "RuntimeDirectoryPreserve=yes"];

function escapePath(path: string): string {
  const text = escapeText(path);
  return /[\s"'\\]/.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : text;
}

// A percent sign begins a specifier.
function escapeText(text: string): string {
  return text.replaceAll("%", "%%").replace(/[\r\n]/g, " ");
}
