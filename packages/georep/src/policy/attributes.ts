import type { Xattr } from "../tree/object-state.ts";

const aclPrefix = Buffer.from("system.posix_acl_");

/** Tells whether an extended attribute is one that is replicated: ACLs and the others have a switch each. */
export function isReplicated(
  { name }: Pick<Xattr, "name">,
  { syncXattrs, syncAcls }: { readonly syncXattrs: boolean; readonly syncAcls: boolean },
): boolean {
  return name.subarray(0, aclPrefix.length).equals(aclPrefix) ? syncAcls : syncXattrs;
}
