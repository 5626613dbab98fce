import * as fc from "fast-check"
import type { Compare, Operation, TxnRequest } from "../store.ts"
import { bytes } from "./harness.ts"

/**
 * Operations as data, so that a failing history prints, replays and shrinks. Revisions are given as a distance from the
 * newest one, leases as an index into those granted so far.
 */
export type RandomOperation =
  | { readonly kind: "txn"; readonly txn: RandomTxn }
  | { readonly kind: "range"; readonly range: RandomRange }
  | { readonly kind: "watch"; readonly range: RandomRange; readonly previous: boolean }
  | { readonly kind: "compact"; readonly back: number }
  | { readonly kind: "grant" }
  | { readonly kind: "revoke"; readonly lease: number }

export interface RandomRange {
  readonly key: string
  readonly rangeEnd: string | undefined
  readonly back: number | undefined
  readonly limit: number
  readonly keysOnly: boolean
  readonly countOnly: boolean
}

export interface RandomTxn {
  readonly compare: readonly (Omit<Compare, "key"> & { readonly key: string })[]
  readonly success: readonly RandomStep[]
  readonly failure: readonly RandomStep[]
}

type RandomStep =
  | { readonly op: "put"; readonly key: string; readonly value: string; readonly lease: number | undefined }
  | { readonly op: "delete"; readonly key: string; readonly rangeEnd: string | undefined }
  | ({ readonly op: "range" } & RandomRange)

// Few keys, so that they meet; with the bytes where an order by characters or by signed bytes would go wrong.
const keys = ["a", "aa", "a\0", "b", "b\x7f", "b\x80", "c\xff", "c\xff\xff", "d"]
const key = fc.constantFrom(...keys)
const rangeEnd = fc.option(fc.constantFrom(...keys, "e"), { nil: undefined, freq: 2 })
const value = fc.string({ maxLength: 3 })
const lease = fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(3) })
// Mostly the newest revision or one not long past; now and then one that is still to come.
const back = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 6, arbitrary: fc.nat(12) },
  { weight: 1, arbitrary: fc.constant(-1) },
)

const range = fc.record({
  key,
  rangeEnd,
  back,
  limit: fc.nat(3),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
})

const step: fc.Arbitrary<RandomStep> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant("put" as const), key, value, lease }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), key, rangeEnd }) },
  { weight: 1, arbitrary: range.map((each) => ({ op: "range" as const, ...each })) },
)

const is = fc.constantFrom("=" as const, "!=" as const, "<" as const, ">" as const)
const compare = fc.oneof(
  fc.record({ key, target: fc.constantFrom("version" as const), is, to: fc.nat(3) }),
  fc.record({
    key,
    target: fc.constantFrom("modRevision" as const, "createRevision" as const),
    is,
    to: fc.nat(30),
  }),
  fc.record({ key, target: fc.constant("value" as const), is, to: value.map(bytes) }),
  fc.record({ key, target: fc.constant("lease" as const), is, to: fc.constantFrom(0n, 1n) }),
)

const txn: fc.Arbitrary<RandomTxn> = fc.record({
  compare: fc.array(compare, { maxLength: 2 }),
  success: fc.array(step, { maxLength: 4 }),
  failure: fc.array(step, { maxLength: 2 }),
})

export const randomOperation: fc.Arbitrary<RandomOperation> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("txn" as const), txn }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("range" as const), range }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("watch" as const), range, previous: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("compact" as const), back: fc.integer({ min: -1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("grant" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("revoke" as const), lease: fc.nat(3) }) },
)

export interface Frame {
  readonly prefix: string
  readonly base: number
  readonly revision: number
  readonly leases: readonly bigint[]
}

/** The random range as a request, in the keys and revisions of this history. */
export function toRange(random: RandomRange, { prefix, base, revision }: Frame) {
  return {
    key: prefix + random.key,
    ...(random.rangeEnd !== undefined && { rangeEnd: prefix + random.rangeEnd }),
    ...(random.back !== undefined && { revision: Math.max(revision - random.back, base) }),
    limit: random.limit,
    keysOnly: random.keysOnly,
    countOnly: random.countOnly,
  }
}

export function toTxn(random: RandomTxn, frame: Frame): TxnRequest {
  const { prefix, base } = frame
  const step = (each: RandomStep): Operation => {
    if (each.op === "range") return { op: "range", ...toRange(each, frame) }
    if (each.op === "delete")
      return {
        op: "delete",
        key: prefix + each.key,
        ...(each.rangeEnd && { rangeEnd: prefix + each.rangeEnd }),
      }
    const id = each.lease === undefined ? undefined : (frame.leases[each.lease] ?? 424242n)
    return {
      op: "put",
      key: prefix + each.key,
      value: bytes(each.value),
      ...(id !== undefined && { lease: id }),
    }
  }
  return {
    compare: random.compare.map((each) => {
      const to = each.target.endsWith("Revision") ? base + (each.to as number) : each.to
      return { ...each, key: prefix + each.key, to } as Compare
    }),
    success: random.success.map(step),
    failure: random.failure.map(step),
  }
}
