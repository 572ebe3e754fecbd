/** Number of the descriptor through which a daemon tells its starter how it goes. No child of the daemon is to have it: its descriptors are others. */
export const readyVariable = "BELAY_READY_FD";
