import { parseDuration } from "../../apimachinery/duration.ts"
import {
  parseQuantity,
  type Quantity,
  quantityFromNumber,
  quantityValue,
} from "../../apimachinery/quantity.ts"
import { quote } from "../../base/quote.ts"

/** What a node can run short of. */
export type PressureSignal =
  | "memory.available"
  | "allocatableMemory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "pid.available"

/** So much, or this share of what the machine has. */
export type ThresholdValue = { readonly amount: Quantity } | { readonly share: number }

/** With less than `value` available the node is short of it. */
export interface Threshold {
  readonly signal: PressureSignal
  readonly value: ThresholdValue
  /** A soft one: pods are evicted when it was met for this long. */
  readonly gracePeriodMs?: number
  /** How much more than the value is made available, once something must be. */
  readonly minReclaim?: ThresholdValue
}

export interface ThresholdSettings {
  readonly evictionHard?: Readonly<Record<string, string>> | undefined
  readonly evictionSoft?: Readonly<Record<string, string>> | undefined
  readonly evictionSoftGracePeriod?: Readonly<Record<string, string>> | undefined
  readonly evictionMinimumReclaim?: Readonly<Record<string, string>> | undefined
}

const signals: ReadonlySet<string> = new Set<PressureSignal>([
  "memory.available",
  "allocatableMemory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
])

/** Containers lie where images or volumes do: the thresholds of those are theirs, whatever is set for them. */
export const containerSignals = ["containerfs.available", "containerfs.inodesFree"] as const

type SettableSignal = PressureSignal | (typeof containerSignals)[number]

type Statement = Omit<Threshold, "signal"> & { readonly signal: SettableSignal }

/** Throws Error in upstream's words for what is no threshold. */
export function parseThresholds(settings: ThresholdSettings): Threshold[] {
  const hard = parseStatements(settings.evictionHard)
  const soft = parseStatements(settings.evictionSoft)
  const periods = new Map(Object.entries(settings.evictionSoftGracePeriod ?? {}).map(parseGracePeriod))
  const reclaims = new Map(Object.entries(settings.evictionMinimumReclaim ?? {}).map(parseReclaim))
  const withPeriods = soft.map((threshold): Statement => {
    const gracePeriodMs = periods.get(threshold.signal)
    if (gracePeriodMs === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${threshold.signal}`)
    return { ...threshold, gracePeriodMs }
  })
  return [...hard, ...withPeriods].filter(isOwn).map((threshold) => {
    const minReclaim = reclaims.get(threshold.signal)
    return minReclaim ? { ...threshold, minReclaim } : threshold
  })
}

/** How much of `capacity` a value is, as it is written. */
export function quantityOf(value: ThresholdValue, capacity: number): Quantity {
  if ("amount" in value) return value.amount
  return quantityFromNumber(Math.floor(capacity * value.share), "BinarySI")
}

/** How much of `capacity` a value is. */
export function amountOf(value: ThresholdValue, capacity: number): number {
  return quantityValue(quantityOf(value, capacity))
}

function isOwn(statement: Statement): statement is Threshold {
  return signals.has(statement.signal)
}

function parseStatements(statements: Readonly<Record<string, string>> = {}): Statement[] {
  return Object.entries(statements).flatMap(([name, text]): Statement[] => {
    const signal = parseSignal(name)
    // Never short of it, or always: not meant.
    if (text === "0%" || text === "100%") return []
    if (text.endsWith("%")) {
      const share = parsePercentage(text)
      if (share < 0) throw new Error(`eviction percentage threshold ${signal} must be >= 0%: ${text}`)
      if (share > 1) throw new Error(`eviction percentage threshold ${signal} must be <= 100%: ${text}`)
      return [{ signal, value: { share } }]
    }
    if (parseQuantity(text).nanos <= 0n)
      throw new Error(`eviction threshold ${signal} must be positive: ${text}`)
    return [{ signal, value: { amount: parseQuantity(text) } }]
  })
}

function parseSignal(name: string): SettableSignal {
  if (signals.has(name) || containerSignals.some((signal) => signal === name)) return name as SettableSignal
  throw new Error(`unrecognized eviction signal ${name}`)
}

function parseGracePeriod([name, text]: [string, string]): [SettableSignal, number] {
  const signal = parseSignal(name)
  const ms = parseDuration(text)
  if (ms >= 0) return [signal, ms]
  throw new Error(`invalid eviction grace period specified: ${text}, must be a positive value`)
}

function parseReclaim([name, text]: [string, string]): [SettableSignal, ThresholdValue] {
  const signal = parseSignal(name)
  if (text.endsWith("%")) {
    const share = parsePercentage(text)
    if (share > 0) return [signal, { share }]
    throw new Error(`eviction percentage minimum reclaim ${signal} must be positive: ${text}`)
  }
  if (parseQuantity(text).nanos < 0n)
    throw new Error(`negative eviction minimum reclaim specified for ${signal}`)
  return [signal, { amount: parseQuantity(text) }]
}

function parsePercentage(text: string): number {
  const number = text.replace(/%+$/, "")
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) return Number(number) / 100
  throw new Error(`strconv.ParseFloat: parsing ${quote(number)}: invalid syntax`)
}
