/**
 * Runs a role, and ends the process once it has returned or failed and that was told, whatever in it may still wait for something: glusterd
 * waits a second in all before it kills. What the role owned has been let go of by then.
 */
export async function endInTime(role: () => Promise<number>): Promise<number> {
  try {
    return await role();
  } finally {
    // Behind what the callers do about it, the exit code among that.
    setImmediate(() => process.exit());
  }
}
