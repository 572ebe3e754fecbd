import { options } from "../../config/options.ts";

// What the options of 2014 are called today, where the name alone does not tell.
const renamed: Readonly<Record<string, string>> = {
  timeout: "secondary-timeout",
  isolated_slave: "isolated-secondarys",
  session_owner: "primary-volume-id",
};

/**
 * Options of 2014 as those of today, for the roles.
 *
 * Command lines of ssh were one text and are a program and its options now; what has no meaning any more is left out.
 */
export function translateOptions(values: ReadonlyMap<string, string>): Map<string, string> {
  const translated = new Map<string, string>();
  for (const [key, value] of values) {
    const name = renamed[key] ?? key.replaceAll("_", "-");
    if (options.has(name) && !Object.hasOwn(special, key)) translated.set(name, value);
  }
  for (const [key, translate] of Object.entries(special)) {
    const value = values.get(key);
    if (value !== undefined) for (const [name, text] of Object.entries(translate(value))) translated.set(name, text);
  }
  const ofRsync = [values.get("rsync_options"), values.get("rsync_ssh_options")].filter(Boolean).join(" ");
  if (ofRsync !== "") translated.set("rsync-options", ofRsync);
  return translated;
}

const special: Readonly<Record<string, (value: string) => Record<string, string>>> = {
  ssh_command: (value) => commandAndOptions(value, "ssh-options"),
  ssh_command_tar: (value) => ({ "ssh-options-tar": commandAndOptions(value, "options")["options"] ?? "" }),
  // Not to ask for tar was no wish for rsync: there was nothing else.
  use_tarssh: (value): Record<string, string> => (value.toLowerCase() === "true" ? { "sync-method": "tarssh" } : {}),
  // They were rsync's own then, and are those of the ssh under it today.
  rsync_ssh_options: () => ({}),
  // Looking at time stamps is what xsync does today.
  change_detector: (value) => ({ "change-detector": value === "xtime" ? "xsync" : value }),
};

function commandAndOptions(value: string, name: string): Record<string, string> {
  const [program = "ssh", ...words] = value.trim().split(/\s+/);
  return { "ssh-command": program, [name]: words.join(" ") };
}
