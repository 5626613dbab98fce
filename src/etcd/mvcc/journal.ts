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
  | { readonly type: "alarm"; readonly raised: boolean }

/** Where a store's records are kept. */
export interface Journal {
  /** Takes a record for the next flush. It must be done with the record when it returns. */
  add(record: JournalRecord): void
  /**
   * Resolves when everything added before the call is durable. The store waits for one flush before it asks for the next;
   * records may be added meanwhile. A rejection is final: the store then refuses everything.
   */
  flush(): Promise<void>
  close(): Promise<void>
}
