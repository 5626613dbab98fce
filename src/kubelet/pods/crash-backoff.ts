/**
 * How long a container that keeps ending must wait before it is started again: not at all the first time, then 10 s,
 * doubling to 5 minutes, counted from its end. Whoever ran for 10 minutes after a restart begins anew.
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy)
 *
 * @example ends at 0 -> restarted at 0; ends at 1 s -> restarted at 11 s; ends at 12 s -> restarted at 32 s
 */
export interface CrashBackoff {
  readonly delayMs: number
  /** When the delay was last raised: at the restart before this one. */
  readonly raisedAtMs: number
}

export const crashBackoffInitialMs = 10_000
export const crashBackoffMaxMs = 300_000

/** When a container that ended at `finishedAtMs` may start again; not later than `finishedAtMs` itself if there is no wait. */
export function restartAllowedAtMs(backoff: CrashBackoff | undefined, finishedAtMs: number): number {
  if (!backoff || hasExpired(backoff, finishedAtMs)) return finishedAtMs
  return finishedAtMs + backoff.delayMs
}

/** The delay for the next time, once a container that ended at `finishedAtMs` is started again. */
export function raiseBackoff(
  backoff: CrashBackoff | undefined,
  finishedAtMs: number,
  nowMs: number,
): CrashBackoff {
  const delayMs =
    !backoff || hasExpired(backoff, finishedAtMs)
      ? crashBackoffInitialMs
      : Math.min(backoff.delayMs * 2, crashBackoffMaxMs)
  return { delayMs, raisedAtMs: nowMs }
}

function hasExpired({ raisedAtMs }: CrashBackoff, finishedAtMs: number): boolean {
  return finishedAtMs - raisedAtMs > crashBackoffMaxMs * 2
}
