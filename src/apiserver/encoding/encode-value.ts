import type { OutputFormat } from "./output-format.ts"

const encoder = new TextEncoder()

/** Any value as it travels. */
export function encodeValue(value: object, format: OutputFormat): readonly Uint8Array[] {
  switch (format.media) {
    case "json":
    case "yaml":
    case "protobuf": {
      const text = format.pretty ? JSON.stringify(value, undefined, 2) : JSON.stringify(value)
      return [encoder.encode(`${text}\n`)]
    }
  }
}
