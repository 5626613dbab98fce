/** The KV service: requests of the wire into those of a Store, and answers back. */
import {
  type Compare,
  InvalidRequestError,
  type KeyValue,
  type Operation,
  type OperationResult,
  type RangeResponse,
  type Store,
  type TxnRequest,
  type TxnResponse,
} from "../store.ts"
import { type Method, unary } from "./grpc-server.ts"
import * as wire from "./kv-messages.ts"

export type MakeHeader = (revision: number) => wire.ResponseHeader

export function kvService(store: Store, header: MakeHeader): Readonly<Record<string, Method>> {
  const one = async (operation: Operation): Promise<{ result: OperationResult; revision: number }> => {
    const { results, revision } = await store.txn({ success: [operation] })
    return { result: results[0]!, revision }
  }
  return {
    "/etcdserverpb.KV/Range": unary(wire.RangeRequestMessage, wire.RangeResponseMessage, async (request) => {
      const response = await store.range(toRange(request))
      return { header: header(response.revision), ...toRangeResponse(request, response) }
    }),
    "/etcdserverpb.KV/Put": unary(wire.PutRequestMessage, wire.PutResponseMessage, async (request) => {
      const { result, revision } = await one(toPut(request))
      return { header: header(revision), ...toPutResponse(request, result) }
    }),
    "/etcdserverpb.KV/DeleteRange": unary(
      wire.DeleteRangeRequestMessage,
      wire.DeleteRangeResponseMessage,
      async (request) => {
        const { result, revision } = await one(toDelete(request))
        return { header: header(revision), ...toDeleteResponse(request, result) }
      },
    ),
    "/etcdserverpb.KV/Txn": unary(wire.TxnRequestMessage, wire.TxnResponseMessage, async (request) => {
      return toTxnResponse(request, await store.txn(toTxn(request)), header)
    }),
    "/etcdserverpb.KV/Compact": unary(
      wire.CompactionRequestMessage,
      wire.HeaderOnly,
      async ({ revision }) => {
        await store.compact(revision)
        return { header: header(await store.currentRevision()) }
      },
    ),
  }
}

type RangeRequestMessage = wire.RangeRequestMessage

/** Filters and orders other than by key are this side's work: the store then has to give everything. */
function needsAll(request: RangeRequestMessage): boolean {
  return (
    sortOf(request) !== undefined ||
    request.minModRevision > 0 ||
    request.maxModRevision > 0 ||
    request.minCreateRevision > 0 ||
    request.maxCreateRevision > 0
  )
}

function toRange(request: RangeRequestMessage) {
  const { key, rangeEnd, limit, revision, keysOnly, countOnly, serializable } = request
  const limited = limit > 0 && !needsAll(request)
  return {
    key,
    rangeEnd,
    revision,
    countOnly,
    serializable,
    ...(limited && { limit }),
    keysOnly: keysOnly && !needsAll(request),
  }
}

function toRangeResponse(request: RangeRequestMessage, response: RangeResponse): wire.RangeResponseMessage {
  if (!needsAll(request))
    return { kvs: response.kvs as KeyValue[], more: response.more, count: response.count }
  const { minModRevision, minCreateRevision } = request
  const maxModRevision = request.maxModRevision || Number.POSITIVE_INFINITY
  const maxCreateRevision = request.maxCreateRevision || Number.POSITIVE_INFINITY
  const chosen = response.kvs.filter(
    ({ modRevision, createRevision }) =>
      modRevision >= minModRevision &&
      modRevision <= maxModRevision &&
      createRevision >= minCreateRevision &&
      createRevision <= maxCreateRevision,
  )
  const sorted = sortOf(request) === undefined ? chosen : chosen.toSorted(sortOf(request))
  const kvs = request.limit > 0 ? sorted.slice(0, request.limit) : sorted
  return {
    kvs: request.keysOnly ? kvs.map((kv) => ({ ...kv, value: noBytes })) : kvs,
    more: kvs.length < sorted.length,
    count: response.count,
  }
}

const noBytes = new Uint8Array(0)

const sortValues: Readonly<Record<RangeRequestMessage["sortTarget"], (kv: KeyValue) => string | number>> = {
  KEY: (kv) => kv.key,
  VERSION: (kv) => kv.version,
  CREATE: (kv) => kv.createRevision,
  MOD: (kv) => kv.modRevision,
  VALUE: (kv) => Buffer.from(kv.value).toString("latin1"),
}

function sortOf(request: RangeRequestMessage): ((a: KeyValue, b: KeyValue) => number) | undefined {
  const { sortOrder, sortTarget } = request
  if (sortTarget === "KEY" && sortOrder !== "DESCEND") return undefined
  if (request.countOnly) return undefined
  const valueOf = sortValues[sortTarget]
  const sign = sortOrder === "DESCEND" ? -1 : 1
  return (a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)]
    return left < right ? -sign : left > right ? sign : 0
  }
}

function toPut(request: wire.PutRequestMessage): Operation {
  const { key, value, lease, ignoreValue, ignoreLease } = request
  if (ignoreValue && value.length > 0) throw new InvalidRequestError("etcdserver: value is provided")
  if (ignoreLease && lease !== 0n) throw new InvalidRequestError("etcdserver: lease is provided")
  const keep = ignoreValue && ignoreLease ? "both" : ignoreValue ? "value" : ignoreLease ? "lease" : undefined
  // A copy: the value is a part of the received message, which would otherwise stay in memory with it.
  return { op: "put", key, value: value.slice(), lease, ...(keep && { keep }) }
}

function toDelete({ key, rangeEnd }: wire.DeleteRangeRequestMessage): Operation {
  return { op: "delete", key, rangeEnd }
}

function toTxn({ compare, success, failure }: wire.TxnRequestMessage): TxnRequest {
  return {
    compare: compare.map(toCompare),
    success: success.map(toOperation),
    failure: failure.map(toOperation),
  }
}

function toTxnResponse(
  request: wire.TxnRequestMessage,
  { succeeded, revision, results }: TxnResponse,
  header: MakeHeader,
): wire.TxnResponseMessage {
  const operations = succeeded ? request.success : request.failure
  const responses = results.map((result, index) => toResponseOp(operations[index]!, result, header))
  return { header: header(revision), succeeded, responses }
}

function toOperation(operation: wire.RequestOpMessage): Operation {
  if (operation.range) return { op: "range", ...toRange(operation.range) }
  if (operation.put) return toPut(operation.put)
  if (operation.deleteRange) return toDelete(operation.deleteRange)
  if (operation.txn) return { op: "txn", ...toTxn(operation.txn) }
  // What etcd answers to a union without content.
  throw new InvalidRequestError("etcdserver: key not found")
}

const targets = {
  VERSION: "version",
  CREATE: "createRevision",
  MOD: "modRevision",
  VALUE: "value",
  LEASE: "lease",
} as const
const comparisons = { EQUAL: "=", NOT_EQUAL: "!=", GREATER: ">", LESS: "<" } as const

function toCompare(compare: wire.CompareMessage): Compare {
  const target = targets[compare.target]
  const zero = target === "value" ? noBytes : target === "lease" ? 0n : 0
  const { key, rangeEnd } = compare
  const is = comparisons[compare.result]
  return { key, ...(rangeEnd && { rangeEnd }), target, is, to: compare[target] ?? zero } as Compare
}

function toPutResponse({ prevKv }: wire.PutRequestMessage, result: OperationResult): wire.PutResponseMessage {
  return result.op === "put" && prevKv && result.previous !== undefined ? { prevKv: result.previous } : {}
}

function toDeleteResponse(
  { prevKv }: wire.DeleteRangeRequestMessage,
  result: OperationResult,
): wire.DeleteRangeResponseMessage {
  const deleted = result.op === "delete" ? result.deleted : []
  return { deleted: deleted.length, prevKvs: prevKv ? (deleted as KeyValue[]) : [] }
}

function toResponseOp(
  request: wire.RequestOpMessage,
  result: OperationResult,
  header: MakeHeader,
): wire.ResponseOpMessage {
  if (result.op === "range")
    return { range: { header: header(result.revision), ...toRangeResponse(request.range!, result) } }
  if (result.op === "txn") return { txn: toTxnResponse(request.txn!, result, header) }
  if (result.op === "put") return { put: { header: header(0), ...toPutResponse(request.put!, result) } }
  return { deleteRange: { header: header(0), ...toDeleteResponse(request.deleteRange!, result) } }
}
