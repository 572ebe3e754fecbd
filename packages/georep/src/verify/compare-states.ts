import { isReplicated } from "../policy/attributes.ts";
import type { SyncPolicy } from "../policy/policy.ts";
import type { Aspect, Difference } from "../tree/compare.ts";
import { isDirectory, typeOf, type ObjectState } from "../tree/object-state.ts";

/** What is compared, and what cannot be equal. */
export interface ComparisonRules {
  readonly policy: SyncPolicy;
  /** Owners can be set at the destination; otherwise they, and the bits of the mode that go with them, are not compared. */
  readonly owns: boolean;
}

/** In what two objects of the same name differ, besides their content. */
export function differencesOf(
  path: Buffer,
  here: ObjectState,
  there: ObjectState,
  { policy, owns }: ComparisonRules,
): Difference[] {
  if (typeOf(here.mode) !== typeOf(there.mode))
    return [{ path, aspect: "type", expected: here.mode.toString(8), found: there.mode.toString(8) }];
  const differences: Difference[] = [];
  const check = (aspect: Aspect, show: (state: ObjectState) => string) => {
    const [expected, found] = [show(here), show(there)];
    if (expected !== found) differences.push({ path, aspect, expected, found });
  };
  const ignoredBits = owns || isDirectory(here.mode) ? 0 : 0o6000;
  check("links", ({ id }) => id.toString("hex"));
  check("mode", ({ mode }) => (mode & ~ignoredBits).toString(8));
  if (owns) check("owner", ({ uid, gid }) => `${uid}:${gid}`);
  check("mtime", ({ mtime }) => `${mtime}`);
  check("device", ({ rdevMajor, rdevMinor }) => `${rdevMajor}:${rdevMinor}`);
  check("target", ({ target }) => target.toString("latin1"));
  check("xattrs", ({ xattrs }) => shownXattrs(xattrs, policy, owns));
  return differences;
}

// Only who may set owners may set attributes outside of the user's own.
function shownXattrs(xattrs: ObjectState["xattrs"], policy: SyncPolicy, owns: boolean): string {
  return xattrs
    .filter(
      (xattr) => isReplicated(xattr, policy) && (owns || /^(?:user|system)\./.test(xattr.name.toString("latin1"))),
    )
    .map(({ name, value }) => `${name.toString()}=${value.toString("hex")}`)
    .join(" ");
}
