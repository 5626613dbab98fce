import {
  forbiddenValue,
  requiredValue,
  tooLong,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsLabel, domainPrefixedPath, type Errors, immutable } from "../../validation/checks.ts"
import type { IngressClass, IngressClassParametersReference } from "../v1/ingress-class.ts"
import { reference } from "./ingress.ts"

const path = fieldPath("spec")
const maxControllerLength = 250

export function* validateIngressClass({ spec }: IngressClass): Errors {
  const { controller = "", parameters } = spec
  const at = path.child("controller")
  if (utf8Length(controller) > maxControllerLength) yield tooLong(at, maxControllerLength)
  yield* domainPrefixedPath(controller, at)
  if (parameters) yield* parametersReference(parameters, path.child("parameters"))
}

function* parametersReference(parameters: IngressClassParametersReference, at: FieldPath): Errors {
  yield* reference(parameters, at)
  const { scope, namespace } = parameters
  const namespacePath = at.child("namespace")
  if (scope === undefined) yield requiredValue(at.child("scope"))
  else if (scope === "Namespace") {
    if (namespace === undefined) {
      yield requiredValue(namespacePath, "`parameters.scope` is set to 'Namespace'")
    } else yield* dnsLabel(namespace, namespacePath)
  } else if (scope === "Cluster") {
    if (namespace !== undefined) yield forbiddenValue(namespacePath, "`parameters.scope` is set to 'Cluster'")
  } else yield unsupportedValue(at.child("scope"), scope, ["Cluster", "Namespace"])
}

export function* validateIngressClassUpdate(ingressClass: IngressClass, old: IngressClass): Errors {
  yield* immutable(ingressClass.spec.controller ?? "", old.spec.controller ?? "", path.child("controller"))
  yield* validateIngressClass(ingressClass)
}
