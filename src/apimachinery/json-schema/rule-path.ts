import type { JsonSchema } from "./json-schema.ts"

export interface RulePath {
  /** Names of fields, and keys of maps in brackets as they stand in errors. */
  readonly steps: readonly { readonly name: string; readonly isKey: boolean }[]
  /** Of the value it leads to. */
  readonly schema: JsonSchema
}

/**
 * Reads a path of fields and map keys that the schema declares: `.spec.size`, `.labels['example.com/a']`. It never leads
 * into a list. Throws Error in upstream's words.
 */
export function parseRulePath(
  text: string,
  root: JsonSchema,
  { allowsBrackets = true }: { readonly allowsBrackets?: boolean } = {},
): RulePath {
  const tokens = tokensOf(text)
  const steps: { name: string; isKey: boolean }[] = []
  let schema = root
  const next = () => {
    const token = tokens.next()
    if (token.done) throw new Error("unexpected end of JSON path")
    return token.value
  }
  for (const token of tokens) {
    let name: string
    if (token === "[") {
      if (!allowsBrackets) throw new Error("array notation is not allowed")
      name = unquote(next())
    } else if (token === ".") name = next()
    else throw new Error(`expected [ or . but got: ${token}`)
    const taken = take(schema, name)
    steps.push({ name, isKey: taken.isKey })
    schema = taken.schema
    if (token !== "[") continue
    const closing = next()
    if (closing !== "]") throw new Error(`expected ] but got ${closing}`)
  }
  return { steps, schema }
}

function take({ properties, additionalProperties }: JsonSchema, name: string) {
  if (properties && Object.keys(properties).length > 0) {
    if (!Object.hasOwn(properties, name)) throw new Error("does not refer to a valid field")
    return { schema: properties[name]!, isKey: false }
  }
  if (typeof additionalProperties !== "object") throw new Error("does not refer to a valid field")
  return { schema: additionalProperties, isKey: true }
}

function* tokensOf(text: string): Generator<string, undefined, void> {
  yield* text.match(/'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]']+/gs) ?? []
  return undefined
}

function unquote(token: string): string {
  if (!/^'.*'$/s.test(token) || token.length < 2)
    throw new Error(`expected single quoted string but got ${token}`)
  return token.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => character)
}
