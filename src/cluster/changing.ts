import type { Clock, Timer } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import { readFileSync } from "node:fs"

/** A value that may be replaced while the program runs. */
export class Changing<T> {
  #value: T
  readonly #listeners: ((value: T) => void)[] = []

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  onChange(listener: (value: T) => void): void {
    this.#listeners.push(listener)
  }

  set(value: T): void {
    this.#value = value
    for (const listener of this.#listeners) listener(value)
  }
}

const lookEveryMs = 10_000

export interface FileParts {
  readonly clock: Clock
  readonly log: Logger
  /** Told whenever a file has been read again, and whether what it says can be used. */
  readonly reloaded?: (isGood: boolean) => void
}

/**
 * What a file says, now and whenever it says something else. Throws when it cannot be read or understood at first; later on
 * that is told to the log and the old value stays: a file that is half written will be whole the next time.
 *
 * @param read makes the value of the file's text; throws or rejects when it cannot
 */
export async function followFile<T>(
  path: string,
  read: (text: string) => T | Promise<T>,
  { clock, log, reloaded }: FileParts,
): Promise<{ readonly changing: Changing<T>; readonly timer: Timer }> {
  let text = readFileSync(path, "utf8")
  const changing = new Changing<T>(await read(text))
  let timer: Timer
  let isFollowed = true
  const look = async () => {
    try {
      const now = readFileSync(path, "utf8")
      if (now !== text) {
        text = now
        changing.set(await read(now))
        reloaded?.(true)
        log.info("a file has changed and counts from now on", { path })
      }
    } catch (error) {
      reloaded?.(false)
      log.error("a file has changed and cannot be used", { path, error: String(error) })
    }
  }
  const schedule = () => {
    if (!isFollowed) return
    timer = clock.after(lookEveryMs, () => void look().then(schedule))
  }
  schedule()
  const cancel = () => {
    isFollowed = false
    timer.cancel()
  }
  return { changing, timer: { cancel } }
}
