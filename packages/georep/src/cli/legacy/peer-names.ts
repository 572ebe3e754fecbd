import { formatResource, type UrlForm } from "../../url/format.ts";
import type { Resource } from "../../url/resource.ts";

const forms: readonly (readonly [UrlForm, (word: string) => string])[] = [
  ["normal", (word) => word],
  ["canonical", capitalised],
  ["canonical-escaped", (word) => `e${capitalised(word)}`],
];

/**
 * What configurations may call the peers: `master` is the url, `Master` the canonical one, `eMaster` that one escaped, `mastervol` its
 * volume; so for `local` and `slave` and `remote`. A receiving end alone is `local` and `slave`.
 */
export async function peerNamesOf(
  local: Resource | undefined,
  remote: Resource | undefined,
): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const roles: [Resource | undefined, string[]][] = [
    [local, ["local", remote === undefined ? "slave" : "master"]],
    [remote, ["remote", "slave"]],
  ];
  for (const [resource, words] of roles) {
    if (resource === undefined) continue;
    for (const [form, spell] of forms) {
      const url = await formatResource(resource, form);
      for (const word of words) names.set(spell(word), url);
    }
    const volume = volumeOf(resource);
    if (volume !== undefined) for (const word of words) names.set(`${word}vol`, volume);
  }
  if (remote?.scheme === "ssh") names.set("remotehost", remote.host);
  return names;
}

function volumeOf(resource: Resource): string | undefined {
  if (resource.scheme === "ssh") return volumeOf(resource.inner);
  return resource.scheme === "gluster" ? resource.volume : undefined;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
