import { formatQuantity, parseQuantity } from "../../../apimachinery/quantity.ts"
import type { Column } from "../../../apimachinery/resource.ts"
import { mapOf, quantity } from "../../../apimachinery/schema.ts"
import { column, nameColumn } from "../../columns.ts"

/** Amounts by resource: "cpu", "memory". */
export const Usage = mapOf(quantity)
export type Usage = Record<string, string>

interface Measured {
  metadata: { name: string }
  window: string
}

/** What both kinds of measures show. */
export function usageColumns<T extends Measured>(usageOf: (object: T) => Usage): Column<T>[] {
  const amount = (name: string) => (object: T) => formatQuantity(parseQuantity(usageOf(object)[name] ?? "0"))
  return [
    nameColumn as unknown as Column<T>,
    column<T>("CPU", "Cores in use.", amount("cpu")),
    column<T>("Memory", "Memory in use that cannot be given back.", amount("memory")),
    column<T>("Window", "Over how long it was measured.", ({ window }) => window),
  ]
}
