/** Environment variable by which a server learns which of its descriptors holds the start lock; it closes it when it has mounted. */
export const startLockVariable = "BELAY_WCFS_START_LOCK";
