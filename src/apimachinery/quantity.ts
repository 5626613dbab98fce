/**
 * Amounts of resources, exact (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/).
 *
 * Every quantity is a whole number of billionths: upstream rounds what is finer up, away from zero. So a quantity is one
 * integer of nanos and the family of suffixes it was written with, and arithmetic is integer arithmetic. The canonical text
 * (no fraction, the largest suffix that loses nothing: "1.5Gi" is "1536Mi") is what the server stores and answers.
 *
 * @example
 * formatQuantity(addQuantities(parseQuantity("1.5Gi"), parseQuantity("512Mi"))) // "2Gi"
 */
export interface Quantity {
  readonly nanos: bigint
  readonly format: QuantityFormat
  /** Canonical, or as it was written where upstream keeps that. */
  readonly text: string
}

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent"

const wrongFormat =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const wrongSuffix = "unable to parse quantity's suffix"

const decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]

const billion = 1_000_000_000n
// Upstream's cap, for binary suffixes alone.
const maxBinaryNanos = (2n ** 63n - 1n) * billion
// Upstream takes any exponent; a number with a billion digits would stop the server.
const maxExponent = 400

export const zeroQuantity: Quantity = { nanos: 0n, format: "DecimalSI", text: "0" }

// The same few texts ("100m", "128Mi") come by the thousand.
const cache = new Map<string, Quantity>()
const maxCached = 4096
const maxCachedLength = 32

/** Takes a JSON number too. Throws Error with upstream's text. */
export function parseQuantity(value: string | number): Quantity {
  const text = typeof value === "number" ? formatNumber(value) : value
  const known = cache.get(text)
  if (known) return known
  const quantity = parse(text.trim())
  if (text.length <= maxCachedLength) {
    if (cache.size >= maxCached) cache.clear()
    cache.set(text, quantity)
  }
  return quantity
}

// A JSON number is read as it was written; JavaScript's "1e+21" is not a quantity, "1e21" is.
function formatNumber(value: number): string {
  return String(value).replace("e+", "e")
}

// Unlike the expression that upstream's error names: at most one dot, and no digits at all are zero ("m" is 0m).
const shape = /^([+-]?)([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/

function parse(text: string): Quantity {
  if (text === "") throw new Error(wrongFormat)
  const match = shape.exec(text)
  if (!match) throw new Error(wrongFormat)
  const [, sign, integer = "", , fraction = "", suffix = ""] = match
  const { base, exponent, format } = parseSuffix(suffix)
  const digits = BigInt(`${integer}${fraction}` || "0")
  const magnitude = toNanos(digits, fraction.length, base, exponent)
  const nanos = format === "BinarySI" && magnitude > maxBinaryNanos ? maxBinaryNanos : magnitude
  const signed = sign === "-" ? -nanos : nanos
  const kept = nanos > 0n && format === "BinarySI" && nanos < billion ? "DecimalSI" : format
  if (keepsText({ integer, fraction, format, exponent, magnitude })) {
    return { nanos: signed, format: kept, text }
  }
  return quantityOf(signed, kept)
}

function parseSuffix(suffix: string): { base: 2n | 10n; exponent: number; format: QuantityFormat } {
  const decimal = decimalSuffixes.indexOf(suffix)
  if (decimal >= 0) return { base: 10n, exponent: decimal * 3 - 9, format: "DecimalSI" }
  const binary = binarySuffixes.indexOf(suffix)
  if (binary > 0) return { base: 2n, exponent: binary * 10, format: "BinarySI" }
  const exponent = /^[eE]([+-]?[0-9]+)$/.exec(suffix)?.[1]
  if (exponent === undefined || Math.abs(Number(exponent)) > maxExponent) throw new Error(wrongSuffix)
  return { base: 10n, exponent: Number(exponent), format: "DecimalExponent" }
}

function toNanos(digits: bigint, fractionDigits: number, base: 2n | 10n, exponent: number): bigint {
  const scale = 9 - fractionDigits + (base === 10n ? exponent : 0)
  const factor = base === 2n ? 2n ** BigInt(exponent) : 1n
  if (scale >= 0) return digits * factor * 10n ** BigInt(scale)
  const divisor = 10n ** BigInt(-scale)
  return (digits * factor + divisor - 1n) / divisor
}

/**
 * Upstream answers a text as it came when a quick look says it is canonical; the look is not thorough ("1.500" and "+5"
 * pass), and what passes it is what users see.
 */
function keepsText(parts: {
  integer: string
  fraction: string
  format: QuantityFormat
  exponent: number
  magnitude: bigint
}): boolean {
  const { fraction, format, exponent, magnitude } = parts
  const integer = parts.integer.replace(/^0+/, "")
  // "0", "-0" and "00" have their own way out.
  if (integer === "" && fraction === "") return false
  const shifted = (integer || "0") + fraction
  const value = BigInt(shifted)
  if (format === "BinarySI") {
    const precision = 15 - integer.length - Math.trunc(exponent * 0.3) - 1
    return fraction === "" && precision >= 0 && (value & 7n) !== 0n && magnitude / billion < 2n ** 63n
  }
  const precision = 18 - (integer || "0").length - fraction.length
  const scale = exponent - fraction.length
  return precision >= 0 && scale >= -9 && scale % 3 === 0 && !shifted.endsWith("000") && shifted[0] !== "0"
}

/** A quantity of so many billionths. */
export function quantityOf(nanos: bigint, format: QuantityFormat): Quantity {
  return { nanos, format, text: canonicalText(nanos, format) }
}

/** A whole number, or a number of thousandths when `scale` is "milli". */
export function quantityFromNumber(
  value: number | bigint,
  format: QuantityFormat = "DecimalSI",
  scale: "one" | "milli" = "one",
): Quantity {
  return quantityOf(BigInt(value) * (scale === "milli" ? 1_000_000n : billion), format)
}

function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return "0"
  // Binary suffixes cannot say fractions, and below 1024 there is nothing to say.
  const isBinary = format === "BinarySI" && nanos % billion === 0n && abs(nanos) >= 1024n * billion
  if (isBinary) return binaryText(nanos / billion)
  return decimalText(nanos, format === "DecimalExponent" ? "DecimalExponent" : "DecimalSI")
}

function binaryText(value: bigint): string {
  let power = 0
  let mantissa = value
  for (; mantissa % 1024n === 0n && power < binarySuffixes.length - 1; power++) mantissa /= 1024n
  return `${mantissa}${binarySuffixes[power]}`
}

function decimalText(nanos: bigint, format: "DecimalSI" | "DecimalExponent"): string {
  const maxPower = format === "DecimalSI" ? decimalSuffixes.length - 1 : Number.POSITIVE_INFINITY
  let power = 0
  let mantissa = nanos
  for (; mantissa % 1000n === 0n && power < maxPower; power++) mantissa /= 1000n
  if (format === "DecimalSI") return `${mantissa}${decimalSuffixes[power]}`
  return power === 3 ? String(mantissa) : `${mantissa}e${power * 3 - 9}`
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}

export function formatQuantity(quantity: Quantity): string {
  return quantity.text
}

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return quantityOf(a.nanos + b.nanos, a.nanos === 0n ? b.format : a.format)
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return quantityOf(a.nanos - b.nanos, a.nanos === 0n ? b.format : a.format)
}

/** Negative, zero or positive, for sorting. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** In whole units, rounded away from zero: bytes, items. */
export function quantityValue(value: Quantity | string | number): number {
  return scaledValue(toQuantity(value), billion)
}

/** In thousandths, rounded away from zero: milli-CPUs. */
export function quantityMilliValue(value: Quantity | string | number): number {
  return scaledValue(toQuantity(value), 1_000_000n)
}

function toQuantity(value: Quantity | string | number): Quantity {
  return typeof value === "object" ? value : parseQuantity(value)
}

function scaledValue({ nanos }: Quantity, unit: bigint): number {
  const rounded = (abs(nanos) + unit - 1n) / unit
  return Number(nanos < 0n ? -rounded : rounded)
}
