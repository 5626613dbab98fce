import type { CelDuration } from "./value.ts"

/** In seconds with as many decimals as there are, as protobuf's JSON has it. */
export function formatCelDuration({ nanos }: CelDuration): string {
  const magnitude = nanos < 0n ? -nanos : nanos
  const fraction = String(magnitude % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "")
  return `${nanos < 0n ? "-" : ""}${magnitude / 1_000_000_000n}${fraction && `.${fraction}`}s`
}
