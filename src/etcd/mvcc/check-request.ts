import {
  InvalidRequestError,
  keyInterval,
  type Operation,
  RequestTooLargeError,
  type TxnRequest,
  type WatchRequest,
} from "../store.ts"

/** etcd's own default (`--max-txn-ops`). */
const maxOperations = 128

/** Refuses a transaction that etcd would refuse whatever the store holds. */
export function checkTxnRequest(request: TxnRequest): void {
  checkSize(request, maxOperations)
  for (const operations of [request.success ?? [], request.failure ?? []])
    if (operations.length > 1 || operations[0]?.op === "txn") checkOverlap(operations)
}

/** etcd's own default (`--max-request-bytes`). */
const maxRequestBytes = 1.5 * 1024 * 1024

/** Refuses what an etcd with usual settings would not take. One that is elsewhere has settings of its own. */
export function checkRequestSize({ success = [], failure = [] }: TxnRequest): void {
  if (putBytes(success) + putBytes(failure) > maxRequestBytes) throw new RequestTooLargeError()
}

function putBytes(operations: readonly Operation[]): number {
  let bytes = 0
  for (const operation of operations) {
    if (operation.op === "put") bytes += operation.key.length + operation.value.length
    if (operation.op === "txn") bytes += putBytes(operation.success ?? []) + putBytes(operation.failure ?? [])
  }
  return bytes
}

/** @param allowed operations, transactions within included */
function checkSize({ compare = [], success = [], failure = [] }: TxnRequest, allowed: number): void {
  const size = Math.max(compare.length, success.length, failure.length)
  if (size > allowed) throw new InvalidRequestError("etcdserver: too many operations in txn request")
  for (const { key } of compare) checkKey(key)
  for (const operations of [success, failure])
    for (const operation of operations)
      if (operation.op === "txn") checkSize(operation, allowed - size)
      else checkKey(operation.key)
}

/** Refuses a watch that could never tell anything. */
export function checkWatchRequest({ key, rangeEnd }: WatchRequest): void {
  checkKey(key)
  const { low, high } = keyInterval(key, rangeEnd)
  if (low >= high) throw new InvalidRequestError("mvcc: watcher range is empty")
}

export function checkKey(key: string): void {
  if (key === "") throw new InvalidRequestError("etcdserver: key is not provided")
}

type Interval = ReturnType<typeof keyInterval>

interface Changes {
  readonly puts: Set<string>
  readonly deletions: Interval[]
}

/** What the operations may change. Throws if two of them that may both happen change the same key. */
function checkOverlap(operations: readonly Operation[]): Changes {
  const puts = new Set<string>()
  const deletions: Interval[] = []
  for (const operation of operations) {
    if (operation.op === "delete") deletions.push(keyInterval(operation.key, operation.rangeEnd))
    if (operation.op === "put") addPut(puts, operation.key)
  }
  const own = [...puts]
  for (const deletion of deletions) if (own.some((key) => isIn(key, deletion))) throw duplicateKey()
  for (const operation of operations) {
    if (operation.op !== "txn") continue
    // Of the two branches of a transaction within only one happens: they may change the same keys, but none of ours.
    const branches = [operation.success ?? [], operation.failure ?? []].map((each) => checkOverlap(each))
    for (const branch of branches) {
      for (const key of branch.puts)
        if (puts.has(key) || deletions.some((deletion) => isIn(key, deletion))) throw duplicateKey()
      for (const deletion of branch.deletions)
        if ([...puts].some((key) => isIn(key, deletion))) throw duplicateKey()
    }
    for (const branch of branches) {
      for (const key of branch.puts) puts.add(key)
      deletions.push(...branch.deletions)
    }
  }
  return { puts, deletions }
}

function addPut(puts: Set<string>, key: string): void {
  if (puts.has(key)) throw duplicateKey()
  puts.add(key)
}

function isIn(key: string, { low, high }: Interval): boolean {
  return low <= key && key < high
}

// A key changes at most once in a revision: its modRevision could not tell two changes apart.
function duplicateKey(): InvalidRequestError {
  return new InvalidRequestError("etcdserver: duplicate key given in txn request")
}
