/** Who knows that the machine goes down, and waits a while before it does. */
export interface MachineShutdown {
  /** Makes it ready to wait that long. Rejects when it will not. */
  ensureDelay(periodMs: number): Promise<void>
  /** From now on it waits, until it is let go. Rejects when it will not. */
  hold(): Promise<ShutdownHold>
  /**
   * True each time the machine is about to go down, false when it stays after all. Ends when `signal` aborts or nobody tells
   * any more.
   */
  follow(signal: AbortSignal): AsyncIterable<boolean>
}

export interface ShutdownHold {
  /** Idempotent. */
  release(): void
}

/** When a node last went down; kept on disk, so that the next run can tell. */
export interface ShutdownTimes {
  readonly startMs?: number
  readonly endMs?: number
}

export interface ShutdownRecord {
  load(): Promise<ShutdownTimes>
  store(times: ShutdownTimes): Promise<void>
}
