/** What signals ask of the server. */
export interface SignalTargets {
  /** SIGTERM, SIGINT, SIGHUP. */
  askToEnd(signal: NodeJS.Signals): void;
  /** SIGQUIT. */
  quit(): void;
}

/** Takes the process's signals. SIGUSR1 does nothing (the runtime would open a debugger's port); SIGPIPE is ignored by the runtime. */
export function handleSignals(targets: SignalTargets): Disposable {
  const end = (signal: NodeJS.Signals) => targets.askToEnd(signal);
  const handlers: Partial<Record<NodeJS.Signals, (signal: NodeJS.Signals) => void>> = {
    SIGTERM: end,
    SIGINT: end,
    SIGHUP: end,
    SIGQUIT: () => targets.quit(),
    SIGUSR1: () => undefined,
  };
  const entries = Object.entries(handlers) as [NodeJS.Signals, (signal: NodeJS.Signals) => void][];
  for (const [signal, handler] of entries) process.on(signal, handler);
  return {
    [Symbol.dispose]: () => {
      for (const [signal, handler] of entries) process.off(signal, handler);
    },
  };
}
