/**
 * JSONPath as kubectl and CustomResourceDefinitions know it (https://kubernetes.io/docs/reference/kubectl/jsonpath/): what
 * stands between braces of a template, as steps from one list of values to the next.
 */
export type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "wildcard" }
  | { readonly kind: "descend" }
  /** One index is `[2]`: of a list too short for it there is nothing, which `slice` would not mind. */
  | { readonly kind: "index"; readonly index: number }
  | {
      readonly kind: "slice"
      readonly from: number | undefined
      readonly to: number | undefined
      readonly step: number | undefined
    }
  | { readonly kind: "filter"; readonly left: Operand; readonly operator: Operator; readonly right: Operand }
  | { readonly kind: "union"; readonly paths: readonly (readonly Step[])[] }
  /** `@` and `$`. */
  | { readonly kind: "current" }
  | { readonly kind: "root" }
  | { readonly kind: "literal"; readonly value: unknown }

export type Operand = readonly Step[]

export type Operator = "exists" | "<" | ">" | "==" | "!=" | "<=" | ">="
