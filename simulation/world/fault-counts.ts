import type { FaultOperation, FaultRates, UserOperation } from "../operations/operation.ts"

/**
 * How often each kind of fault did occur, and each kind of wish was granted. A simulation in which nothing goes wrong, or
 * nothing is made, proves nothing.
 */
export class FaultCounts {
  readonly #counts = new Map<string, number>()

  add(kind: string, by = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + by)
  }

  get(kind: string): number {
    return this.#counts.get(kind) ?? 0
  }

  addAll(other: Iterable<readonly [string, number]>): void {
    for (const [kind, count] of other) this.add(kind, count)
  }

  entries(): [string, number][] {
    return Array.from(this.#counts).sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

type Kind = keyof FaultRates | FaultOperation["kind"] | UserOperation["kind"]

/** Every kind there is, the compiler sees to that; over many worlds each must have occurred. */
const kinds: Readonly<Record<Kind, true>> = {
  refused: true,
  answerLost: true,
  conflict: true,
  slow: true,
  watchLost: true,
  watchExpired: true,
  watchSlow: true,
  restart: true,
  "lose-node": true,
  "reboot-node": true,
  "jump-clock": true,
  "create-deployment": true,
  "create-statefulset": true,
  "create-daemonset": true,
  "create-job": true,
  "create-service": true,
  "create-budget": true,
  "create-namespace": true,
  scale: true,
  roll: true,
  delete: true,
  "delete-pod": true,
  evict: true,
  cordon: true,
  drain: true,
  "delete-namespace": true,
}

export function missingKinds(counts: FaultCounts): string[] {
  return Object.keys(kinds).filter((kind) => counts.get(kind) === 0)
}
