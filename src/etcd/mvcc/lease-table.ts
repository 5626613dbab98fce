import { compareStrings, type SortedMap, sortedMap } from "../../base/sorted-map.ts"
import { LeaseNotFoundError } from "../store.ts"

export interface Lease {
  readonly id: bigint
  readonly ttlSeconds: number
  /** On the clock's monotonic scale. */
  readonly expiresAtMs: number
}

/** Which leases exist, when they end, and which keys hang on them. Copied in constant time. */
export class LeaseTable {
  readonly #leases: SortedMap<bigint, Lease>
  readonly #byExpiry: SortedMap<Lease, true>
  /** "lease/key" for every attached key: one sorted map instead of a set per lease, so that a copy stays cheap. */
  readonly #attachments: SortedMap<string, string>

  constructor(copied?: {
    leases: SortedMap<bigint, Lease>
    byExpiry: SortedMap<Lease, true>
    attachments: SortedMap<string, string>
  }) {
    this.#leases = copied?.leases ?? sortedMap(compareIds)
    this.#byExpiry = copied?.byExpiry ?? sortedMap(compareExpiry)
    this.#attachments = copied?.attachments ?? sortedMap(compareStrings)
  }

  find(id: bigint): Lease | undefined {
    return this.#leases.get(id)
  }

  get(id: bigint): Lease {
    const lease = this.#leases.get(id)
    if (lease === undefined) throw new LeaseNotFoundError()
    return lease
  }

  ids(): bigint[] {
    return this.#leases.keysArray()
  }

  /** Adds the lease, or replaces the one with its id (a renewal). */
  set(lease: Lease): void {
    const before = this.#leases.get(lease.id)
    if (before !== undefined) this.#byExpiry.delete(before)
    this.#leases.set(lease.id, lease)
    this.#byExpiry.set(lease, true)
  }

  /** Its keys must have been detached. */
  delete(id: bigint): void {
    this.#byExpiry.delete(this.get(id))
    this.#leases.delete(id)
  }

  /** The lease that ends first. */
  first(): Lease | undefined {
    return this.#byExpiry.minKey()
  }

  /** Moves every deadline, for a clock that counts from elsewhere. */
  shift(byMs: number): void {
    for (const lease of this.#leases.valuesArray())
      this.set({ ...lease, expiresAtMs: lease.expiresAtMs + byMs })
  }

  attach(id: bigint, key: string): void {
    this.#attachments.set(attachmentPrefix(id) + key, key)
  }

  detach(id: bigint, key: string): void {
    this.#attachments.delete(attachmentPrefix(id) + key)
  }

  /** The lease's keys in order. */
  keysOf(id: bigint): string[] {
    const prefix = attachmentPrefix(id)
    return this.#attachments.getRange(prefix, `${prefix}\u0100`).map(([, key]) => key)
  }

  clone(): LeaseTable {
    return new LeaseTable({
      leases: this.#leases.clone(),
      byExpiry: this.#byExpiry.clone(),
      attachments: this.#attachments.clone(),
    })
  }
}

function attachmentPrefix(id: bigint): string {
  return `${id.toString(16)}/`
}

function compareIds(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareExpiry(a: Lease, b: Lease): number {
  return a.expiresAtMs - b.expiresAtMs || compareIds(a.id, b.id)
}
