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
  // Every comparison, also those of transactions within, sees the state before the transaction.
  const branch = chooseBranch(state, request)
  // Everything that can fail is looked at before anything is changed: there is no rollback.
  checkPuts(state, branch)
  checkRevisions(state, branch)

  const events: StoreEvent[] = []
  const run = new Run(state, events)
  const results = run.branch(branch)
  if (events.length > 0) state.commit(events)
  return { response: { succeeded: branch.succeeded, revision: state.revision, results }, events }
}

/** What is performed of a transaction. */
interface Branch {
  readonly succeeded: boolean
  readonly steps: readonly (PlainOperation | Branch)[]
}

type PlainOperation = Exclude<Operation, { op: "txn" }>

const isBranch = (step: PlainOperation | Branch): step is Branch => "steps" in step

function chooseBranch(state: State, { compare = [], success = [], failure = [] }: TxnRequest): Branch {
  const succeeded = compare.every((each) => holds(state, each))
  const steps = (succeeded ? success : failure).map((operation) =>
    operation.op === "txn" ? chooseBranch(state, operation) : operation,
  )
  return { succeeded, steps }
}

class Run {
  readonly #state: State
  readonly #revision: number
  readonly #events: StoreEvent[]

  constructor(state: State, events: StoreEvent[]) {
    this.#state = state
    this.#revision = state.revision + 1
    this.#events = events
  }

  branch({ steps }: Branch): OperationResult[] {
    return steps.map((step) => (isBranch(step) ? this.#nested(step) : this.#operation(step)))
  }

  #nested(branch: Branch): OperationResult {
    const results = this.branch(branch)
    return { op: "txn", succeeded: branch.succeeded, revision: this.#newest, results }
  }

  /** The revision that a step of the transaction sees. */
  get #newest(): number {
    return this.#events.length > 0 ? this.#revision : this.#state.revision
  }

  #operation(operation: PlainOperation): OperationResult {
    const write = (event: StoreEvent) => {
      this.#state.apply(event)
      this.#events.push(event)
    }
    switch (operation.op) {
      case "put":
        return put(this.#state, operation, this.#revision, write)
      case "delete":
        return deleteRange(this.#state, operation, this.#revision, write)
      case "range":
        return { op: "range", ...this.#state.range(operation, this.#newest) }
      default:
        return assertNever(operation)
    }
  }
}

/** Deletes the keys, in one revision. */
export function deleteKeys(state: State, keys: readonly string[]): readonly StoreEvent[] {
  const events = keys.map((key) => deletion(key, state.revision + 1))
  for (const event of events) state.apply(event)
  if (events.length > 0) state.commit(events)
  return events
}

function checkPuts(state: State, { steps }: Branch): void {
  for (const operation of steps) {
    if (isBranch(operation)) checkPuts(state, operation)
    if (isBranch(operation) || operation.op !== "put") continue
    if (operation.lease) state.leases.get(operation.lease)
    if (operation.keep !== undefined && state.find(operation.key) === undefined)
      throw new InvalidRequestError("etcdserver: key not found")
  }
}

function checkRevisions(state: State, { steps }: Branch): void {
  for (const operation of steps)
    if (isBranch(operation)) checkRevisions(state, operation)
    else if (operation.op === "range") state.readableRevision(operation.revision, state.revision)
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
    value: (keep === "value" || keep === "both") && previous !== undefined ? previous.value : value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
    lease: (keep === "lease" || keep === "both") && previous !== undefined ? previous.lease : lease,
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
  const { key, rangeEnd } = compare
  if (!rangeEnd) return holdsForKey(state.find(key), compare)
  const { kvs } = state.range({ key, rangeEnd }, state.revision)
  return kvs.length === 0 ? holdsForKey(undefined, compare) : kvs.every((kv) => holdsForKey(kv, compare))
}

function holdsForKey(kv: KeyValue | undefined, compare: Compare): boolean {
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
