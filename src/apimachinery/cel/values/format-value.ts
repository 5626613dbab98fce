import { type CelResult, UInt } from "./value.ts"

/** A key as error messages show it. */
export function formatKey(key: CelResult): string {
  if (typeof key === "string") return key
  if (key instanceof UInt) return String(key.value)
  if (typeof key === "number") return formatDouble(key)
  if (key === null || typeof key !== "object") return String(key)
  if (key instanceof Uint8Array) return new TextDecoder().decode(key)
  return key.kind
}

/** As Go writes a double with `%g`: the fewest digits that tell it apart, an exponent where it is large or small. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf"
  if (Object.is(value, -0)) return "-0"
  if (value === 0) return "0"
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e")
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return plainDouble(value)
  const digits = String(Math.abs(exponent)).padStart(2, "0")
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`
}

function plainDouble(value: number): string {
  const text = String(value)
  if (!text.includes("e")) return text
  return value.toFixed(20).replace(/0+$/, "")
}
