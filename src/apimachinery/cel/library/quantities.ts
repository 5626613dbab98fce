import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  quantityFromNumber,
  subtractQuantities,
} from "../../quantity.ts"
import { CelError, type CelOpaque, type CelResult, maxInt, minInt } from "../values/value.ts"
import { overload } from "./function.ts"

class CelQuantity implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.Quantity"
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    this.quantity = quantity
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelQuantity && compareQuantities(other.quantity, this.quantity) === 0
  }

  toJson(): unknown {
    return this.quantity.text
  }
}

const billion = 1_000_000_000n

export const quantityFunctions = [
  overload("string_to_quantity", "quantity(string): kubernetes.Quantity", (text: string) => {
    try {
      return new CelQuantity(parseQuantity(text))
    } catch (error) {
      return new CelError((error as Error).message)
    }
  }),
  overload("is_quantity_string", "isQuantity(string): bool", isQuantity),
  overload("quantity_sign", "sign(kubernetes.Quantity): int", ({ quantity: { nanos } }: CelQuantity) =>
    nanos < 0n ? -1n : nanos > 0n ? 1n : 0n,
  ),
  comparison("quantity_is_greater_than", "isGreaterThan", (order) => order > 0),
  comparison("quantity_is_less_than", "isLessThan", (order) => order < 0),
  overload(
    "quantity_compare_to",
    "kubernetes.Quantity.compareTo(kubernetes.Quantity): int",
    (a: CelQuantity, b: CelQuantity) => BigInt(compareQuantities(a.quantity, b.quantity)),
  ),
  overload(
    "quantity_get_float",
    "kubernetes.Quantity.asApproximateFloat(): double",
    ({ quantity }: CelQuantity) => approximate(quantity.nanos),
  ),
  overload(
    "quantity_get_int",
    "kubernetes.Quantity.asInteger(): int",
    ({ quantity }: CelQuantity) => wholeOf(quantity) ?? new CelError("cannot convert value to integer"),
  ),
  overload(
    "quantity_is_integer",
    "kubernetes.Quantity.isInteger(): bool",
    ({ quantity }: CelQuantity) => wholeOf(quantity) !== undefined,
  ),
  calculation("quantity_add", "add", "kubernetes.Quantity", addQuantities),
  calculation("quantity_add_int", "add", "int", addQuantities),
  calculation("quantity_sub", "sub", "kubernetes.Quantity", subtractQuantities),
  calculation("quantity_sub_int", "sub", "int", subtractQuantities),
]

function isQuantity(text: string): boolean {
  try {
    parseQuantity(text)
    return true
  } catch {
    return false
  }
}

function comparison(id: string, name: string, accepts: (order: number) => boolean) {
  return overload(
    id,
    `kubernetes.Quantity.${name}(kubernetes.Quantity): bool`,
    (a: CelQuantity, b: CelQuantity) => accepts(compareQuantities(a.quantity, b.quantity)),
  )
}

function calculation(
  id: string,
  name: string,
  type: string,
  calculate: (a: Quantity, b: Quantity) => Quantity,
) {
  const signature = `kubernetes.Quantity.${name}(${type}): kubernetes.Quantity`
  return overload(id, signature, (a: CelQuantity, b: CelQuantity | bigint): CelResult => {
    const other = typeof b === "bigint" ? quantityFromNumber(b, "DecimalExponent") : b.quantity
    return new CelQuantity(calculate(a.quantity, other))
  })
}

function approximate(nanos: bigint): number {
  return nanos % billion === 0n ? Number(nanos / billion) : Number(nanos) / 1e9
}

// Undefined for fractions and what does not fit.
function wholeOf({ nanos }: Quantity): bigint | undefined {
  if (nanos % billion !== 0n) return undefined
  const whole = nanos / billion
  return whole > maxInt || whole < minInt ? undefined : whole
}
