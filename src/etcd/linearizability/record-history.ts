import type { Clock } from "../../base/clock.ts"
import { integer, type Random } from "../../base/random.ts"
import type { Compare, Store } from "../store.ts"
import type { Action, Operation } from "./check-history.ts"

export interface RecordOptions {
  /** One for each client; several may be the same. */
  readonly stores: readonly Store[]
  readonly clock: Clock
  readonly random: Random
  readonly keys: readonly string[]
  /** Between two operations of a client. */
  readonly pause: () => Promise<void>
}

/** A history in the making. */
export interface Recording {
  /** What has been written down so far. */
  readonly history: readonly Operation[]
  /** Resolves to all of it when every client has its last answer. */
  stop(): Promise<readonly Operation[]>
}

/** Lets clients read, write and swap at the same time, and writes down what they were told. */
export function recordHistory(options: RecordOptions): Recording {
  const history: Operation[] = []
  const stop = new AbortController()
  const run = async (store: Store, client: number) => {
    const random = options.random.fork(`client ${client}`)
    for (let turn = 0; !stop.signal.aborted; turn++) {
      const key = options.keys[integer(random, options.keys.length)]!
      const operation = await perform(store, key, client, turn, options, random)
      if (operation !== undefined) history.push(operation)
      await options.pause()
    }
  }
  const clients = options.stores.map(run)
  return {
    history,
    async stop() {
      stop.abort()
      await Promise.all(clients)
      return history
    },
  }
}

async function perform(
  store: Store,
  key: string,
  client: number,
  turn: number,
  { clock }: RecordOptions,
  random: Random,
): Promise<Operation | undefined> {
  const value = `${client}.${turn}`
  const kind = integer(random, 3)
  // A swap needs to know what is there; this read is not part of the history.
  const from = kind === 2 ? await readValue(store, key).catch(() => "nothing that was ever there") : undefined
  const startMs = clock.monotonic()
  const done = (action: Action): Operation => ({ key, client, startMs, endMs: clock.monotonic(), action })
  try {
    if (kind === 0) return done({ type: "read", found: await readValue(store, key) })
    if (kind === 1) {
      await store.txn({ success: [{ op: "put", key, value: encode(value) }] })
      return done({ type: "write", value })
    }
    const succeeded = await swap(store, key, from, value)
    return done({ type: "swap", from, to: value, succeeded })
  } catch {
    // Whether it happened is not known; of a read there is nothing to know.
    const endMs = Number.POSITIVE_INFINITY
    if (kind === 0) return undefined
    const action: Action =
      kind === 1 ? { type: "write", value } : { type: "swap", from, to: value, succeeded: undefined }
    return { key, client, startMs, endMs, action }
  }
}

async function swap(store: Store, key: string, from: string | undefined, to: string): Promise<boolean> {
  const compare: Compare =
    from === undefined
      ? { key, target: "version", is: "=", to: 0 }
      : { key, target: "value", is: "=", to: encode(from) }
  const { succeeded } = await store.txn({
    compare: [compare],
    success: [{ op: "put", key, value: encode(to) }],
  })
  return succeeded
}

async function readValue(store: Store, key: string): Promise<string | undefined> {
  const kv = (await store.range({ key })).kvs[0]
  return kv && String.fromCharCode(...kv.value)
}

function encode(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
