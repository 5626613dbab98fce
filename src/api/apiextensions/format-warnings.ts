import { isStringFormat } from "../../apimachinery/json-schema/formats.ts"
import { quote } from "../../base/quote.ts"
import type { CustomResourceDefinition } from "./v1/custom-resource-definition.ts"
import type { JSONSchemaProps } from "./v1/json-schema-props.ts"
import { allSchemas } from "./validation/schema/walk-schema.ts"

/** Formats that nobody checks: perhaps they are misspelled. Those that were there before are not told again. */
export function* formatWarnings(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): Iterable<string> {
  const before = new Set(old ? unknownFormats(old) : [])
  for (const format of unknownFormats(definition))
    if (!before.has(format)) yield `unrecognized format ${quote(format)}`
}

function* unknownFormats({ spec }: CustomResourceDefinition): Iterable<string> {
  for (const { schema } of spec.versions ?? [])
    for (const each of allSchemas(schema?.openAPIV3Schema))
      if (each.format && !isKnown(each)) yield each.format
}

function isKnown({ type = "", format = "" }: JSONSchemaProps): boolean {
  if (type === "integer") return format === "int32" || format === "int64"
  if (type === "number") return format === "float" || format === "double"
  return (type === "" || type === "string") && isStringFormat(format)
}
