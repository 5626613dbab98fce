import { availableParallelism } from "node:os"
import { parentPort, Worker } from "node:worker_threads"
import type { Timer } from "../src/base/clock.ts"
import { realClock } from "../src/base/real/clock.ts"

/** What a thread tells of one seed. */
export interface Result {
  readonly seed: string
  readonly failure: string | undefined
  readonly faults: readonly [string, number][]
  /** Real time. */
  readonly tookMs: number
}

export interface Share {
  /** What each thread runs; it must call `serveSeeds`. */
  readonly script: URL
  readonly first: number
  readonly count: number
  /** Real time that one seed may take. */
  readonly limitMs: number
}

/**
 * Runs seeds on as many threads as there are processors; each gets the next seed when it is done with one. A seed that
 * does not end fails by name, and its thread is replaced: from within, a loop that never waits can't be stopped.
 */
export async function shareOut(
  { script, first, count, limitMs }: Share,
  take: (result: Result) => void,
): Promise<void> {
  let next = first
  const nextSeed = () => (next < first + count ? String(next++) : undefined)
  const threads = Math.min(availableParallelism(), count)
  await Promise.all(
    Array.from({ length: threads }, async () => {
      for (let seed = nextSeed(); seed !== undefined; )
        seed = await runThread({ script, limitMs }, seed, nextSeed, take)
    }),
  )
}

/** One thread until it has no more to do, or has to be ended; gives the seed that its successor begins with. */
function runThread(
  { script, limitMs }: Pick<Share, "script" | "limitMs">,
  first: string,
  nextSeed: () => string | undefined,
  take: (result: Result) => void,
): Promise<string | undefined> {
  const worker = new Worker(script, { execArgv: process.execArgv })
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined
    const end = () => {
      timer?.cancel()
      void worker.terminate().then(() => resolve(nextSeed()))
    }
    const give = (seed: string) => {
      timer?.cancel()
      timer = realClock.after(limitMs, () => {
        take({ seed, failure: `did not end within ${limitMs / 1000} s`, faults: [], tookMs: limitMs })
        end()
      })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(seed)
    }
    worker.on("message", (result: Result) => {
      take(result)
      const seed = nextSeed()
      if (seed === undefined) end()
      else give(seed)
    })
    worker.on("error", reject)
    give(first)
  })
}

/** A thread's side of it: runs one seed after the other as it is told. */
export function serveSeeds(run: (seed: string) => Promise<Omit<Result, "seed" | "tookMs">>): void {
  parentPort!.on("message", (seed: string) => {
    const startedAt = realClock.monotonic()
    void run(seed).then((result) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      parentPort!.postMessage({ seed, ...result, tookMs: realClock.monotonic() - startedAt } satisfies Result)
    })
  })
}
