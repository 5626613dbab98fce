/**
 * Expressions of webhooks and policies: which variables each may use, and of what type its value must be. The API refuses
 * what does not compile, the server compiles what was stored, and the type checker compiles against the schemas of the
 * objects; all three by this one function.
 */
import { type CelEnvironment, type CelProgram, compileCel } from "../../../apimachinery/cel/compile.ts"
import { jsonPatchFunctions } from "../../../apimachinery/cel/library/json-patch.ts"
import { withFunctions } from "../../../apimachinery/cel/library/kubernetes-functions.ts"
import {
  boolType,
  type CelType,
  describeType,
  dynType,
  listOf,
  namedType,
  nullType,
  type ObjectType,
  stringType,
} from "../../../apimachinery/cel/types/cel-type.ts"
import { isExactly } from "../../../apimachinery/cel/types/unify.ts"
import type { Variable } from "../v1/admission-policy.ts"
import { appliedObjectType, findPatchType, jsonPatchType } from "./patch-types.ts"
import { namespaceType, requestType } from "./request-types.ts"

export type ExpressionUse =
  | "matchCondition"
  | "variable"
  | "validation"
  | "message"
  | "auditAnnotation"
  | "applyConfiguration"
  | "jsonPatch"

export interface ExpressionScope {
  readonly hasParams: boolean
  /** The type of `variables`; absent where there are none. */
  readonly variables?: ObjectType
  /** Of `object` and `oldObject`. @default dyn */
  readonly objectType?: CelType
  /** Of `params`. @default dyn */
  readonly paramsType?: CelType
}

export type CompiledExpression =
  | { readonly ok: true; readonly program: CelProgram }
  | { readonly ok: false; readonly detail: string }

/** What an expression must give; undefined for anything. */
const resultTypes: Readonly<Record<ExpressionUse, readonly CelType[] | undefined>> = {
  matchCondition: [boolType],
  validation: [boolType],
  variable: undefined,
  message: [stringType],
  auditAnnotation: [stringType, nullType],
  applyConfiguration: [appliedObjectType],
  jsonPatch: [listOf(jsonPatchType)],
}

export function compileExpression(
  expression: string,
  use: ExpressionUse,
  scope: ExpressionScope,
): CompiledExpression {
  const compiled = compileCel(expression, environmentOf(use, scope))
  if (!compiled.ok) return { ok: false, detail: `compilation failed: ${compiled.message}` }
  const { program } = compiled
  const wanted = resultTypes[use]
  if (!wanted || wanted.some((type) => isExactly(type, program.resultType))) return { ok: true, program }
  const [only] = wanted
  const expected =
    wanted.length === 1 && only ? describeType(only) : `one of [${wanted.map(describeType).join(" ")}]`
  return { ok: false, detail: `must evaluate to ${expected} but got ${describeType(program.resultType)}` }
}

const authorizerType = namedType("kubernetes.authorization.Authorizer")
const resourceCheckType = namedType("kubernetes.authorization.ResourceCheck")
const patchFunctions = withFunctions(...jsonPatchFunctions)

function environmentOf(use: ExpressionUse, scope: ExpressionScope): CelEnvironment {
  const { hasParams, variables, objectType = dynType, paramsType = dynType } = scope
  const isPatch = use === "applyConfiguration" || use === "jsonPatch"
  return {
    variables: {
      object: objectType,
      oldObject: objectType,
      request: requestType,
      namespaceObject: namespaceType,
      ...(hasParams && { params: paramsType }),
      ...(use !== "message" && {
        authorizer: authorizerType,
        "authorizer.requestResource": resourceCheckType,
      }),
      ...(variables && { variables }),
    },
    ...(isPatch && { findObjectType: findPatchType, functions: patchFunctions }),
  }
}

export interface CompiledVariables {
  /** The type of the variable `variables`. */
  readonly type: ObjectType
  readonly compiled: ReadonlyMap<string, CompiledExpression>
}

/** Each may refer to those before it. What does not compile is of any type, and fails when it is read. */
export function compileVariables(variables: readonly Variable[], scope: ExpressionScope): CompiledVariables {
  const fields = new Map<string, { name: string; type: CelType }>()
  const compiled = new Map<string, CompiledExpression>()
  const typeNow = (): ObjectType => ({
    kind: "object",
    name: "kubernetes.variables",
    fields: new Map(fields),
  })
  for (const { name, expression } of variables) {
    const result = compileExpression(expression, "variable", { ...scope, variables: typeNow() })
    compiled.set(name, result)
    fields.set(name, { name, type: result.ok ? variableType(result.program.resultType) : dynType })
  }
  return { type: typeNow(), compiled }
}

const keptKinds = new Set([
  "bool",
  "bytes",
  "double",
  "duration",
  "int",
  "null_type",
  "string",
  "timestamp",
  "uint",
])

// Of objects and what libraries make no more is known afterwards than that they are something.
function variableType(type: CelType): CelType {
  if (keptKinds.has(type.kind)) return type
  if (type.kind === "list") return listOf(variableType(type.element))
  if (type.kind !== "map") return dynType
  return { kind: "map", key: variableType(type.key), value: variableType(type.value) }
}
