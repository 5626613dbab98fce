import { onAbort } from "./on-abort.ts"

/**
 * Time as a component sees it. Components never touch `Date` or `setTimeout`: they are handed a Clock, so that a test
 * can jump an hour and a simulation can replay a seed.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump; use `monotonic()` for durations. */
  now(): number
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number
  /** Runs `callback` once after `delayMs`. The timer does not keep a process alive. */
  after(delayMs: number, callback: () => void): Timer
  /** Runs `callback` once after everything that is already due has run. */
  soon(callback: () => void): void
}

export interface Timer {
  cancel(): void
}

/** Resolves after `delayMs`, or as soon as `signal` aborts (it never rejects: callers check the signal). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    let forget: (() => void) | undefined
    const timer = clock.after(delayMs, () => done())
    const done = () => {
      timer.cancel()
      forget?.()
      resolve()
    }
    forget = signal && onAbort(signal, done)
  })
}
