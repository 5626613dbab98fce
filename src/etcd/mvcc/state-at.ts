import { State } from "./state.ts"

/**
 * What a store held as of `revision`, as a state of its own that begins there: for looking at the past, and for snapshots
 * of it. Leases that have ended since are not brought back.
 */
export function stateAt(state: State, revision: number): State {
  if (revision === state.revision) return state.fork()
  const readable = state.readableRevision(revision, state.revision)
  const past = new State()
  past.startAt(readable)
  for (const id of state.leases.ids()) past.leases.set(state.leases.get(id))
  state.scan("", "\u0100", readable, (kv) => {
    const isGone = kv.lease !== 0n && state.leases.find(kv.lease) === undefined
    past.restore(isGone ? { ...kv, lease: 0n } : kv)
    return true
  })
  return past
}
