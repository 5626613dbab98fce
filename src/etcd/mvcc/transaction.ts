import { assertNever } from "../../base/assert-never.ts"
import {
  type Compare,
  InvalidRequestError,
  type KeyValue,
  type Operation,
  type OperationResult,
  type StoreEvent,
  type TxnRequest,
  type TxnResponse,
} from "../store.ts"
import type { State } from "./state.ts"

export interface TxnOutcome {
  readonly response: TxnResponse
  /** What the new revision consists of; empty when nothing was written. */
  readonly events: readonly StoreEvent[]
}

/**
 * Runs a transaction against the newest state, as a whole or (throwing) not at all. The request must have passed
 * `checkTxnRequest`.
 */
export function runTransaction(state: State, request: TxnRequest): TxnOutcome {
  const succeeded = (request.compare ?? []).every((compare) => holds(state, compare))
  const operations = (succeeded ? request.success : request.failure) ?? []
  // Everything that can fail is looked at before anything is changed: there is no rollback.
  checkPuts(state, operations)
  checkRevisions(state, operations)

  const revision = state.revision + 1
  const events: StoreEvent[] = []
  const write = (event: StoreEvent) => {
    state.apply(event)
    events.push(event)
  }
  const results = operations.map((operation): OperationResult => {
    switch (operation.op) {
      case "put":
        return put(state, operation, revision, write)
      case "delete":
        return deleteRange(state, operation, revision, write)
      case "range": {
        const newest = events.length > 0 ? revision : state.revision
        return { op: "range", ...state.range(operation, newest) }
      }
      default:
        return assertNever(operation)
    }
  })
  if (events.length > 0) state.commit(events)
  return { response: { succeeded, revision: state.revision, results }, events }
}

/** Deletes the keys, in one revision. */
export function deleteKeys(state: State, keys: readonly string[]): readonly StoreEvent[] {
  const events = keys.map((key) => deletion(key, state.revision + 1))
  for (const event of events) state.apply(event)
  if (events.length > 0) state.commit(events)
  return events
}

function checkPuts(state: State, operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.op !== "put") continue
    if (operation.lease) state.leases.get(operation.lease)
    if (operation.keep !== undefined && state.find(operation.key) === undefined)
      throw new InvalidRequestError("etcdserver: key not found")
  }
}

function checkRevisions(state: State, operations: readonly Operation[]): void {
  for (const operation of operations)
    if (operation.op === "range") state.readableRevision(operation.revision, state.revision)
}

type Write = (event: StoreEvent) => void

function put(
  state: State,
  { key, value, lease = 0n, keep }: Extract<Operation, { op: "put" }>,
  revision: number,
  write: Write,
): OperationResult {
  const previous = state.find(key)
  const kv: KeyValue = {
    key,
    value: keep === "value" && previous !== undefined ? previous.value : value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
    lease: keep === "lease" && previous !== undefined ? previous.lease : lease,
  }
  write({ type: "put", kv })
  return previous === undefined ? { op: "put" } : { op: "put", previous }
}

function deleteRange(
  state: State,
  { key, rangeEnd }: Extract<Operation, { op: "delete" }>,
  revision: number,
  write: Write,
): OperationResult {
  const { kvs: deleted } = state.range({ key, ...(rangeEnd && { rangeEnd }) }, revision)
  for (const kv of deleted) write(deletion(kv.key, revision))
  return { op: "delete", deleted }
}

const noBytes = new Uint8Array(0)

function deletion(key: string, revision: number): StoreEvent {
  return {
    type: "delete",
    kv: { key, value: noBytes, createRevision: 0, modRevision: revision, version: 0, lease: 0n },
  }
}

const absent = { value: noBytes, createRevision: 0, modRevision: 0, version: 0, lease: 0n }

function holds(state: State, compare: Compare): boolean {
  const kv = state.find(compare.key)
  // etcd compares an absent key's numbers as zero; a value that is not there equals nothing.
  if (compare.target === "value")
    return kv !== undefined && holdsFor(compareBytes(kv.value, compare.to), compare)
  const actual = (kv ?? absent)[compare.target]
  return holdsFor(actual < compare.to ? -1 : actual > compare.to ? 1 : 0, compare)
}

function holdsFor(order: number, { is }: Compare): boolean {
  switch (is) {
    case "=":
      return order === 0
    case "!=":
      return order !== 0
    case "<":
      return order < 0
    case ">":
      return order > 0
    default:
      return assertNever(is)
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return a[index]! - b[index]!
  return a.length - b.length
}
