import { type CelType, type ObjectType, typeOf } from "../types/cel-type.ts"
import { type CelEnvironment, candidateNames } from "./environment.ts"
import { languageTypes } from "./language-types.ts"
import type { Reference } from "./reference.ts"

/** What names mean: variables of folds first, the innermost before the others, then variables and types of the environment. */
export class Names {
  readonly #environment: CelEnvironment
  readonly #scopes: ReadonlyMap<string, CelType>[] = []

  constructor(environment: CelEnvironment) {
    this.#environment = environment
  }

  /** Makes variables known until `leave`. */
  enter(variables: readonly (readonly [name: string, type: CelType])[]): void {
    this.#scopes.push(new Map(variables))
  }

  leave(): void {
    this.#scopes.pop()
  }

  isLocal(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name))
  }

  find(name: string): { readonly type: CelType; readonly reference: Reference } | undefined {
    for (let index = this.#scopes.length - 1; index >= 0 && !name.startsWith("."); index--) {
      const type = this.#scopes[index]?.get(name)
      if (type) return { type, reference: { kind: "variable", name } }
    }
    for (const candidate of candidateNames(this.#environment.container ?? "", name)) {
      const found = this.#findGlobal(candidate)
      if (found) return found
    }
    return undefined
  }

  #findGlobal(name: string): { readonly type: CelType; readonly reference: Reference } | undefined {
    const { variables, findObjectType } = this.#environment
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (variable) return { type: variable, reference: { kind: "variable", name } }
    const type = languageTypes.get(name) ?? findObjectType?.(name)
    return type && { type: typeOf(type), reference: { kind: "type", name } }
  }

  /** An object type that may be constructed. */
  findObjectType(name: string): ObjectType | undefined {
    const { container = "", findObjectType } = this.#environment
    for (const candidate of candidateNames(container, name)) {
      const type = findObjectType?.(candidate)
      if (type) return type
    }
    return undefined
  }
}
