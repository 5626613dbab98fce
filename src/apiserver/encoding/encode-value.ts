import { encodeJson, encodePrettyJson } from "../../apimachinery/codec/json.ts"
import { encodeProtobuf } from "../../apimachinery/codec/protobuf.ts"
import { encodeYaml } from "../../apimachinery/codec/yaml-emitter.ts"
import type { BodyKind } from "../registry/view.ts"
import type { OutputFormat } from "./output-format.ts"

const encoder = new TextEncoder()

/** Any value as it travels. `kind` is needed for protobuf alone. */
export function encodeValue(value: object, format: OutputFormat, kind: BodyKind | undefined): Uint8Array {
  switch (format.media) {
    case "json":
      return encoder.encode(`${format.pretty ? encodePrettyJson(value) : encodeJson(value)}\n`)
    case "yaml":
      return encoder.encode(encodeYaml(value))
    case "protobuf":
      if (!kind) throw new Error("there is no protobuf message for this answer")
      return encodeProtobuf(kind, value)
  }
}
