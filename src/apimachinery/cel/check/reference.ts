import type { CelFunction, Overload } from "../library/function.ts"
import type { ObjectType } from "../types/cel-type.ts"

/** What a name or a call was found to mean. */
export type Reference =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "type"; readonly name: string }
  | {
      readonly kind: "function"
      readonly function: CelFunction
      readonly overloads: readonly Overload[]
      /** The call's target was part of the function's name. */
      readonly isNamespaced: boolean
    }
  | { readonly kind: "optionalField" }
  | { readonly kind: "object"; readonly type: ObjectType }
