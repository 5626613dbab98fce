/**
 * Assigning types to each other where some are not known yet: `[]` is a list of something, and comparing it with a list of
 * strings says of what. Follows cel-go's checker, on which the wording of errors and the typing of `dyn` depend.
 */
import { type CelType, dynType, optionalOf, parametersOf, typeName } from "./cel-type.ts"

/** What type parameters stand for, by name. */
export type Substitutions = Map<string, CelType>

/** Whether all of `types` can be given for `to`; `mapping` learns what this says about type parameters, or stays as it is. */
export function assignAll(
  mapping: Substitutions,
  types: readonly CelType[],
  to: readonly CelType[],
): boolean {
  if (types.length !== to.length) return false
  const trial = new Map(mapping)
  const fits = types.every((type, index) => unify(trial, type, to[index] as CelType))
  if (fits) for (const [name, type] of trial) mapping.set(name, type)
  return fits
}

export function assign(mapping: Substitutions, type: CelType, to: CelType): boolean {
  return assignAll(mapping, [type], [to])
}

/** The type with all that is known put in; what is not known becomes `dyn` if `complete`. */
export function substitute(mapping: Substitutions, type: CelType, complete: boolean): CelType {
  if (type.kind === "parameter") {
    const known = mapping.get(type.name)
    if (known) return substitute(mapping, known, complete)
    return complete ? dynType : type
  }
  const of = (inner: CelType) => substitute(mapping, inner, complete)
  switch (type.kind) {
    case "list": {
      const element = of(type.element)
      return element === type.element ? type : { ...type, element }
    }
    case "map": {
      const [key, value] = [of(type.key), of(type.value)]
      return key === type.key && value === type.value ? type : { ...type, key, value }
    }
    case "opaque":
      return type.parameters.length === 0 ? type : { ...type, parameters: type.parameters.map(of) }
    case "type":
      return type.of ? { kind: "type", of: of(type.of) } : type
    default:
      return type
  }
}

/** The one of two compatible types that says less. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isEqualOrLessSpecific(a, b) ? a : b
}

export function isExactly(a: CelType, b: CelType): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || typeName(a) !== typeName(b)) return false
  const [insideA, insideB] = [parametersOf(a), parametersOf(b)]
  return (
    insideA.length === insideB.length &&
    insideA.every((inner, index) => isExactly(inner, insideB[index] as CelType))
  )
}

export function wrapOptional(type: CelType, isOptional: boolean): CelType {
  return isOptional ? optionalOf(type) : type
}

function unify(mapping: Substitutions, a: CelType, b: CelType): boolean {
  if (b.kind === "parameter") {
    const { valid, known } = substituteFor(mapping, a, b.name)
    if (valid) return true
    if (known) return false
  }
  if (a.kind === "parameter") return substituteFor(mapping, b, a.name).valid
  if (isWild(a) || isWild(b)) return true
  if (a.kind === "null_type") return isNullable(b)
  if (b.kind === "null_type") return isNullable(a)
  if (a.kind !== b.kind) return false
  if (a.kind === "type") return true
  if (typeName(a) !== typeName(b)) return false
  const [insideA, insideB] = [parametersOf(a), parametersOf(b)]
  return (
    insideA.length === insideB.length &&
    insideA.every((inner, index) => unify(mapping, inner, insideB[index] as CelType))
  )
}

// Whether the parameter called `name` can stand for `type`, and whether it stood for something already.
function substituteFor(
  mapping: Substitutions,
  type: CelType,
  name: string,
): { valid: boolean; known: boolean } {
  if (type.kind === "parameter" && type.name === name) return { valid: true, known: true }
  const known = mapping.get(name)
  if (known) {
    if (isExactly(type, known)) return { valid: true, known: true }
    if (!unify(mapping, type, known)) return { valid: false, known: true }
    const general = mostGeneral(type, known)
    if (!occursIn(mapping, name, general)) mapping.set(name, general)
    return { valid: true, known: true }
  }
  if (occursIn(mapping, name, type)) return { valid: false, known: false }
  mapping.set(name, type)
  return { valid: true, known: false }
}

function occursIn(mapping: Substitutions, name: string, type: CelType): boolean {
  if (type.kind === "parameter") {
    if (type.name === name) return true
    const known = mapping.get(type.name)
    return known !== undefined && occursIn(mapping, name, known)
  }
  return parametersOf(type).some((inner) => occursIn(mapping, name, inner))
}

function isEqualOrLessSpecific(a: CelType, b: CelType): boolean {
  if (a.kind === "dyn" || a.kind === "parameter") return true
  if (b.kind === "dyn" || b.kind === "parameter") return false
  if (a.kind !== b.kind) return false
  if (a.kind === "type") return true
  const [insideA, insideB] = [parametersOf(a), parametersOf(b)]
  return (
    typeName(a) === typeName(b) &&
    insideA.length === insideB.length &&
    insideA.every((inner, index) => isEqualOrLessSpecific(inner, insideB[index] as CelType))
  )
}

function isWild({ kind }: CelType): boolean {
  return kind === "dyn" || kind === "error"
}

function isNullable({ kind }: CelType): boolean {
  return (
    kind === "null_type" ||
    kind === "opaque" ||
    kind === "object" ||
    kind === "duration" ||
    kind === "timestamp"
  )
}
