import {
  addQuantities,
  type Quantity,
  quantityFromNumber,
  subtractQuantities,
  zeroQuantity,
} from "../../../apimachinery/quantity.ts"
import type { Amounts } from "../v1/pod-resources.ts"

/** Arithmetic of amounts by name. Everything here leaves what it is given as it was. */
export const oneItem: Quantity = quantityFromNumber(1)

export function sumAmounts(a: Amounts, b: Amounts): Amounts {
  const sum = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const known = sum[name]
    sum[name] = known ? addQuantities(known, amount) : amount
  }
  return sum
}

/** What `a` has more than `b`; nothing is ever negative. */
export function excessAmounts(a: Amounts, b: Amounts): Amounts {
  return mapAmounts(a, (amount, name) => {
    const known = b[name]
    const rest = known ? subtractQuantities(amount, known) : amount
    return rest.nanos > 0n ? rest : zeroQuantity
  })
}

export function mapAmounts(amounts: Amounts, map: (amount: Quantity, name: string) => Quantity): Amounts {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, map(amount, name)]))
}

export function filterAmounts(amounts: Amounts, keep: (name: string, amount: Quantity) => boolean): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([name, amount]) => keep(name, amount)))
}

/** "cpu=1,memory=2Gi" */
export function describeAmounts(amounts: Amounts): string {
  return Object.keys(amounts)
    .toSorted()
    .map((name) => `${name}=${amounts[name]!.text}`)
    .join(",")
}
