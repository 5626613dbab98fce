/**
 * Expressions that choose devices, such as `device.attributes["gpu.example.com"].model == "best"`: what the API lets in and
 * what a scheduler evaluates (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/).
 */
import { type CelProgram, compileCel } from "../../../apimachinery/cel/compile.ts"
import {
  boolType,
  type CelType,
  describeType,
  dynType,
  mapOf,
  namedType,
  type ObjectType,
  type SimpleType,
  stringType,
} from "../../../apimachinery/cel/types/cel-type.ts"

const stringOf = (maxSize: number): SimpleType => ({ ...stringType, maxSize })

const domain = stringOf(63)
const identifier = stringOf(32)
const attribute: CelType = { ...dynType, maxSize: 64 }
const maxEntries = 32

/** By the domain of its driver, then by name. */
function byName(value: CelType): CelType {
  const inner = { ...mapOf(identifier, value), maxSize: maxEntries }
  return { ...mapOf(domain, inner), maxSize: maxEntries }
}

const fields: Readonly<Record<string, CelType>> = {
  driver: stringOf(63),
  attributes: byName(attribute),
  capacity: byName(namedType("kubernetes.Quantity")),
  allowMultipleAllocations: boolType,
}

const deviceType: ObjectType = {
  kind: "object",
  name: "kubernetes.DRADevice",
  fields: new Map(Object.entries(fields).map(([name, type]) => [name, { name, type }])),
}

export type CompiledSelector =
  | { readonly ok: true; readonly program: CelProgram }
  | { readonly ok: false; readonly detail: string }

/** `program` evaluates with a binding for `device`. */
export function compileSelector(expression: string): CompiledSelector {
  const compiled = compileCel(expression, { variables: { device: deviceType }, hasBind: true })
  if (!compiled.ok) return { ok: false, detail: `compilation failed: ${compiled.message}` }
  const { program } = compiled
  const { kind } = program.resultType
  if (kind === "bool" || kind === "dyn") return { ok: true, program }
  const detail = `must evaluate to bool or the unknown type, not ${describeType(program.resultType)}`
  return { ok: false, detail }
}
