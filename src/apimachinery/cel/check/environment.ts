import type { CelFunction } from "../library/function.ts"
import type { CelType, ObjectType } from "../types/cel-type.ts"

/** What an expression may use, beside what is built into the language. */
export interface CelEnvironment {
  /** By name; a name may have dots. */
  readonly variables: Readonly<Record<string, CelType>>
  /** By name. @default the functions that Kubernetes offers to every expression */
  readonly functions?: ReadonlyMap<string, CelFunction>
  /** Object types that may be constructed, `Object{spec: ...}`. @default none */
  readonly findObjectType?: (name: string) => ObjectType | undefined
  /** `cel.bind(name, value, expression)` gives a value a name. Most places in Kubernetes have it not. @default false */
  readonly hasBind?: boolean
  /** Names are looked up inside this namespace first. @default "" */
  readonly container?: string
}

/** The names that `name` may stand for inside a container, the innermost first. A leading dot means the root. */
export function candidateNames(container: string, name: string): string[] {
  if (name.startsWith(".")) return [name.slice(1)]
  const names: string[] = []
  for (
    let prefix = container;
    prefix !== "";
    prefix = prefix.slice(0, Math.max(prefix.lastIndexOf("."), 0))
  ) {
    names.push(`${prefix}.${name}`)
  }
  return [...names, name]
}
