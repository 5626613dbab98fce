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

/** With so many decimals; what is right between two goes to the even one, as in Go. */
export function formatFixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  const last = Number(text.at(-1))
  if (last % 2 === 0 || !isHalfway(value, decimals)) return text
  // JavaScript took the larger one: the other one is even.
  return `${text.slice(0, -1)}${last - 1}`
}

// A double is a fraction over a power of two, so that this can be told exactly.
function isHalfway(value: number, decimals: number): boolean {
  let numerator = Math.abs(value)
  let shift = 0n
  for (; !Number.isInteger(numerator); shift++) numerator *= 2
  const twice = BigInt(numerator) * 10n ** BigInt(decimals) * 2n
  const unit = 1n << shift
  return twice % unit === 0n && (twice / unit) % 2n === 1n
}
