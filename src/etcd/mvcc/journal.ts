import type { StoreEvent } from "../store.ts"

/** What a store must remember of one step, in the order in which the steps happened. */
export type JournalRecord =
  /** A revision. A revoked lease disappears in the same step as its keys, which may be none (and then no revision). */
  | {
      readonly type: "events"
      readonly revision: number
      readonly events: readonly StoreEvent[]
      readonly revokedLease?: bigint
    }
  | { readonly type: "grant"; readonly id: bigint; readonly ttlSeconds: number }
  | { readonly type: "compact"; readonly revision: number }

/** Where a store's records are kept. The store calls one `write` at a time. */
export interface Journal {
  /** Resolves when the records are durable. A rejection is final: the store then refuses everything. */
  write(records: readonly JournalRecord[]): Promise<void>
  /** Whether the quota is used up, so that only deletes and compaction may go on. */
  readonly full: boolean
  close(): Promise<void>
}
