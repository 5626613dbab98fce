import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { LocalStore, type Maintainable } from "../mvcc/local-store.ts"
import { State } from "../mvcc/state.ts"
import type { Store } from "../store.ts"

export interface MemoryStoreOptions {
  readonly clock: Clock
  /** For lease ids. @default they count up */
  readonly random?: Random
}

export interface MemoryStore extends Store, Maintainable {
  /**
   * A store of its own with the same content, history and leases, in constant time: the two share what neither has
   * changed since. Watches stay with the original.
   *
   * @param options @default the original's
   */
  fork(options?: MemoryStoreOptions): MemoryStore
}

/** A store that lives as long as the process: for tests, simulations and the browser. */
export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return memoryStoreOf(new State(), options)
}

/** A memory store that starts with `state`, which it then owns. */
export function memoryStoreOf(state: State, options: MemoryStoreOptions): MemoryStore {
  // What was too much for a disk is not for memory, which has no quota.
  state.alarm = false
  const store = new LocalStore({ state, ...options })
  return Object.assign(store, {
    fork: (forked = options) => {
      const copy = store.forkState()
      if (forked.clock !== options.clock)
        copy.leases.shift(forked.clock.monotonic() - options.clock.monotonic())
      return memoryStoreOf(copy, forked)
    },
  })
}
