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

export function operationToWire(operation: Operation): wire.RequestOpMessage {
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
          value: keep === "value" ? noBytes : value,
          lease: keep === "lease" ? 0n : lease,
          prevKv: true,
          ignoreValue: keep === "value",
          ignoreLease: keep === "lease",
        },
      }
    }
    default:
      return assertNever(operation)
  }
}

export function resultFromWire({ put, deleteRange, range }: wire.ResponseOpMessage): OperationResult {
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

export function compareToWire({ key, target, is, to }: Compare): wire.CompareMessage {
  return { key, target: targets[target], result: comparisons[is], rangeEnd: "", [target]: to }
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
