import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  namedType,
  nullType,
  opaqueType,
  optionalOf,
  parameter,
  stringType,
  timestampType,
  typeOf,
  uintType,
} from "../types/cel-type.ts"

export interface Signature {
  readonly name: string
  readonly isMember: boolean
  readonly args: readonly CelType[]
  readonly result: CelType
}

const simpleTypes: Readonly<Record<string, CelType>> = {
  dyn: dynType,
  bool: boolType,
  int: intType,
  uint: uintType,
  double: doubleType,
  string: stringType,
  bytes: bytesType,
  duration: durationType,
  timestamp: timestampType,
  null: nullType,
  type: { kind: "type" },
  // Upstream declares these two as opaque and its other types as objects; errors and costs tell.
  "net.IP": opaqueType("net.IP"),
  "net.CIDR": opaqueType("net.CIDR"),
}

const typePattern = /kubernetes\.(?:[a-z]+\.)?[A-Z][A-Za-z]*|net\.(?:IP|CIDR)\b|[A-Za-z]+/y

/** Reads `string.charAt(int): string`. Throws on what it does not know, which is a mistake in a declaration. */
export function parseSignature(text: string): Signature {
  let position = 0
  const receiver = isMemberSignature(text) ? parseType() : undefined
  if (receiver) expect(".")
  const open = findArguments(text, position)
  const name = text.slice(position, open)
  position = open + 1
  const args = parseTypes(")")
  expect(": ")
  return {
    name,
    isMember: receiver !== undefined,
    args: receiver ? [receiver, ...args] : args,
    result: parseType(),
  }

  function expect(token: string): void {
    if (!text.startsWith(token, position)) throw new Error(`expected ${token} at ${position} of ${text}`)
    position += token.length
  }

  function parseTypes(end: string): CelType[] {
    const types: CelType[] = []
    while (!text.startsWith(end, position)) {
      if (types.length > 0) expect(", ")
      types.push(parseType())
    }
    position += end.length
    return types
  }

  function parseType(): CelType {
    typePattern.lastIndex = position
    const name = typePattern.exec(text)?.[0] ?? ""
    position += name.length
    const inner = text[position] === "(" ? (position++, parseTypes(")")) : []
    return makeType(name, inner)
  }
}

function makeType(name: string, [first = dynType, second = dynType]: readonly CelType[]): CelType {
  if (name === "list") return listOf(first)
  if (name === "map") return mapOf(first, second)
  if (name === "optional") return optionalOf(first)
  if (name === "type" && first !== dynType) return typeOf(first)
  if (/^[A-Z]$/.test(name)) return parameter(name)
  const simple = simpleTypes[name]
  if (simple) return simple
  if (!name.startsWith("kubernetes.")) throw new Error(`unknown type ${name}`)
  return namedType(name)
}

const receiverPattern =
  /^(?:(?:list|map|optional)\(|(?:dyn|bool|int|uint|double|string|bytes|duration|timestamp|[A-Z])\.|kubernetes\.|net\.)/

function isMemberSignature(text: string): boolean {
  return (
    receiverPattern.test(text) &&
    !/^(?:bool|int|uint|double|string|bytes|duration|timestamp|list|map)\([^)]*\):/.test(text)
  )
}

function findArguments(text: string, start: number): number {
  const open = text.indexOf("(", start)
  if (open < 0) throw new Error(`no arguments in ${text}`)
  return open
}
