import { addressFunctions } from "./addresses.ts"
import { authorizerFunctions } from "./authorizer.ts"
import { conversions } from "./conversions.ts"
import { type CelFunction, functionTable, type Overload } from "./function.ts"
import { listFunctions } from "./lists.ts"
import { mapFunctions } from "./maps.ts"
import { formatFunctions } from "./named-formats.ts"
import { operatorImplementations, operatorOverloads } from "./operators.ts"
import { optionalFunctions } from "./optionals.ts"
import { quantityFunctions } from "./quantities.ts"
import { regularExpressionFunctions } from "./regular-expressions.ts"
import { semverFunctions } from "./semantic-versions.ts"
import { setFunctions } from "./sets.ts"
import { stringFunctions } from "./strings.ts"
import { textFunctions } from "./text.ts"
import { timeFunctions } from "./time.ts"
import { urlFunctions } from "./urls.ts"

const overloads: readonly Overload[] = [
  ...operatorOverloads,
  ...conversions,
  ...textFunctions,
  ...timeFunctions,
  ...optionalFunctions,
  ...stringFunctions,
  ...listFunctions,
  ...mapFunctions,
  ...setFunctions,
  ...regularExpressionFunctions,
  ...urlFunctions,
  ...addressFunctions,
  ...quantityFunctions,
  ...semverFunctions,
  ...formatFunctions,
  ...authorizerFunctions,
]

/**
 * What every expression in Kubernetes 1.36 may call: the language's own functions and the libraries that upstream's base
 * environment has on (k8s.io/apiserver/pkg/cel/environment).
 */
export const kubernetesFunctions: ReadonlyMap<string, CelFunction> = functionTable(
  overloads,
  operatorImplementations,
)

/** The same and a few more, for places where there are more. */
export function withFunctions(...more: readonly Overload[]): ReadonlyMap<string, CelFunction> {
  return functionTable([...overloads, ...more], operatorImplementations)
}
