import type { Clock } from "../clock.ts"

/** The machine's own clock. The only place, with `real/random.ts`, where the process meets real time. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    // setTimeout turns anything above 2^31-1 ms into 1 ms; a month-long wait must stay a month.
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), 0x7fffffff))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon(callback) {
    setImmediate(callback)
  },
}
