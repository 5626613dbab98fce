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

/** Every kind there is; over many worlds each must have occurred. */
const kinds: readonly (keyof FaultRates | FaultOperation["kind"] | UserOperation["kind"])[] = [
  "refused",
  "answerLost",
  "conflict",
  "slow",
  "watchLost",
  "watchExpired",
  "watchSlow",
  "restart",
  "lose-node",
  "reboot-node",
  "jump-clock",
  "create-deployment",
  "create-statefulset",
  "create-daemonset",
  "create-job",
  "create-service",
  "create-budget",
  "create-namespace",
  "scale",
  "roll",
  "delete",
  "delete-pod",
  "evict",
  "cordon",
  "drain",
  "delete-namespace",
]

export function missingKinds(counts: FaultCounts): string[] {
  return kinds.filter((kind) => counts.get(kind) === 0)
}
