import { statSync } from "node:fs";
import { toError } from "@belay/supervise";
import type { Config } from "./config.ts";
import { loadConfig, type ConfigRequest } from "./load-config.ts";

/** A configuration that follows its file. */
export interface LiveConfig {
  /** The configuration as the file is now; looks at the file's stamp only, and reads it again when that differs. */
  current(): Config;
}

/**
 * Follows the session's file.
 *
 * @param onProblem  told once per change when the file cannot be understood; what was read before stays in force
 */
export function openLiveConfig(request: ConfigRequest, onProblem?: (problem: string) => void): LiveConfig {
  let config = loadConfig(request);
  let stamp = stampOf(config.file);
  const reload = () => {
    try {
      config = loadConfig(request);
    } catch (error) {
      onProblem?.(toError(error).message);
    }
  };
  return {
    current: () => {
      const now = stampOf(config.file);
      if (now !== stamp) {
        stamp = now;
        reload();
      }
      return config;
    },
  };
}

// Every change makes a new file, so even two changes within one tick of the clock differ in the inode number.
function stampOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
}
