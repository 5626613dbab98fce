import { conversions } from "./conversions.ts"
import { type CelFunction, functionTable } from "./function.ts"
import { operatorImplementations, operatorOverloads } from "./operators.ts"
import { textFunctions } from "./text.ts"
import { timeFunctions } from "./time.ts"

/**
 * What every expression in Kubernetes 1.36 may call: the language's own functions and the libraries that upstream's base
 * environment has on (k8s.io/apiserver/pkg/cel/environment).
 */
export const kubernetesFunctions: ReadonlyMap<string, CelFunction> = functionTable(
  [...operatorOverloads, ...conversions, ...textFunctions, ...timeFunctions],
  operatorImplementations,
)
