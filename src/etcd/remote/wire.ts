/** A Store's requests as etcd's messages, and its answers as ours. */
import { assertNever } from "../../base/assert-never.ts"
import type * as wire from "../grpc/kv-messages.ts"
import type { EventMessage } from "../grpc/watch-messages.ts"
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResponse,
  StoreEvent,
  TxnRequest,
  TxnResponse,
} from "../store.ts"

const noBytes = new Uint8Array(0)

export function rangeToWire(request: RangeRequest): wire.RangeRequestMessage {
  return {
    key: request.key,
    rangeEnd: request.rangeEnd ?? "",
    limit: request.limit ?? 0,
    revision: request.revision ?? 0,
    sortOrder: "NONE",
    sortTarget: "KEY",
    serializable: request.serializable ?? false,
    keysOnly: request.keysOnly ?? false,
    countOnly: request.countOnly ?? false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  }
}

export function rangeFromWire(message: wire.RangeResponseMessage): RangeResponse {
  const { header, kvs, more, count } = message
  return { revision: header?.revision ?? 0, kvs, more, count }
}

export function txnToWire({ compare = [], success = [], failure = [] }: TxnRequest): wire.TxnRequestMessage {
  return {
    compare: compare.map(compareToWire),
    success: success.map(operationToWire),
    failure: failure.map(operationToWire),
  }
}

export function txnFromWire({ succeeded, header, responses }: wire.TxnResponseMessage): TxnResponse {
  return { succeeded, revision: header?.revision ?? 0, results: responses.map(resultFromWire) }
}

function operationToWire(operation: Operation): wire.RequestOpMessage {
  switch (operation.op) {
    case "range":
      return { range: rangeToWire(operation) }
    case "delete":
      return { deleteRange: { key: operation.key, rangeEnd: operation.rangeEnd ?? "", prevKv: true } }
    case "put": {
      const { key, value, lease = 0n, keep } = operation
      return {
        put: {
          key,
          value: keep === "value" || keep === "both" ? noBytes : value,
          lease: keep === "lease" || keep === "both" ? 0n : lease,
          prevKv: true,
          ignoreValue: keep === "value" || keep === "both",
          ignoreLease: keep === "lease" || keep === "both",
        },
      }
    }
    case "txn":
      return { txn: txnToWire(operation) }
    default:
      return assertNever(operation)
  }
}

function resultFromWire({ put, deleteRange, range, txn }: wire.ResponseOpMessage): OperationResult {
  if (txn !== undefined) return { op: "txn", ...txnFromWire(txn) }
  if (range !== undefined) return { op: "range", ...rangeFromWire(range) }
  if (deleteRange !== undefined) return { op: "delete", deleted: deleteRange.prevKvs }
  return put?.prevKv === undefined ? { op: "put" } : { op: "put", previous: put.prevKv }
}

const targets = {
  version: "VERSION",
  createRevision: "CREATE",
  modRevision: "MOD",
  value: "VALUE",
  lease: "LEASE",
} as const
const comparisons = { "=": "EQUAL", "!=": "NOT_EQUAL", ">": "GREATER", "<": "LESS" } as const

function compareToWire({ key, rangeEnd = "", target, is, to }: Compare): wire.CompareMessage {
  return { key, target: targets[target], result: comparisons[is], rangeEnd, [target]: to }
}

const noKeyValue: KeyValue = {
  key: "",
  value: noBytes,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  lease: 0n,
}

export function eventFromWire({ type, kv = { ...noKeyValue }, prevKv }: EventMessage): StoreEvent {
  const event: StoreEvent = { type: type === "PUT" ? "put" : "delete", kv }
  return prevKv === undefined ? event : { ...event, previous: prevKv }
}
