import {
  InvalidRequestError,
  keyInterval,
  type Operation,
  type TxnRequest,
  type WatchRequest,
} from "../store.ts"

/** etcd's own default (`--max-txn-ops`). */
const maxOperations = 128

/** Refuses a transaction that etcd would refuse whatever the store holds. */
export function checkTxnRequest(request: TxnRequest): void {
  const { compare = [], success = [], failure = [] } = request
  if (Math.max(compare.length, success.length, failure.length) > maxOperations)
    throw new InvalidRequestError("etcdserver: too many operations in txn request")
  for (const { key } of compare) checkKey(key)
  checkOperations(success)
  checkOperations(failure)
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

function checkOperations(operations: readonly Operation[]): void {
  for (const { key } of operations) checkKey(key)
  if (operations.length < 2) return
  const puts = new Set<string>()
  for (const operation of operations) {
    if (operation.op !== "put") continue
    if (puts.has(operation.key)) throw duplicateKey()
    puts.add(operation.key)
  }
  for (const operation of operations) {
    if (operation.op !== "delete") continue
    const { low, high } = keyInterval(operation.key, operation.rangeEnd)
    for (const key of puts) if (low <= key && key < high) throw duplicateKey()
  }
}

// A key changes at most once in a revision: its modRevision could not tell two changes apart.
function duplicateKey(): InvalidRequestError {
  return new InvalidRequestError("etcdserver: duplicate key given in txn request")
}
