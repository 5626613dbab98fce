import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { fieldIsImmutable } from "../../../apimachinery/validate-object-meta.ts"
import type { Errors } from "../../validation/checks.ts"
import type { ResourceList } from "../v1/resource-requirements.ts"
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from "../v1/resource-quota.ts"
import { isQuotaResource, validateQuotaResourceName, validateResourceQuantity } from "./resources.ts"

const path = fieldPath("spec")

const podResources = [
  "pods",
  "cpu",
  "memory",
  "limits.cpu",
  "limits.memory",
  "requests.cpu",
  "requests.memory",
]

/** Which resources can be counted by scope. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  BestEffort: ["pods"],
  VolumeAttributesClass: ["persistentvolumeclaims", "requests.storage"],
}

export function* validateResourceQuota({ spec, status }: ResourceQuota): Errors {
  yield* validateSpec(spec)
  yield* amounts(status.hard, fieldPath("status", "hard"))
  yield* amounts(status.used, fieldPath("status", "used"))
}

export function* validateResourceQuotaUpdate({ spec }: ResourceQuota, old: ResourceQuota): Errors {
  yield* validateSpec(spec)
  const [now, before] = [new Set(spec.scopes), new Set(old.spec.scopes)]
  if (now.size === before.size && [...now].every((scope) => before.has(scope))) return
  yield invalidValue(path.child("scopes"), spec.scopes ?? null, fieldIsImmutable)
}

export function* validateResourceQuotaStatusUpdate({ metadata, status }: ResourceQuota): Errors {
  if (!metadata.resourceVersion) yield requiredValue("resourceVersion")
  yield* amounts(status.hard, fieldPath("status", "hard"))
  yield* amounts(status.used, fieldPath("status", "used"))
}

function* amounts(list: ResourceList = {}, at: FieldPath): Errors {
  for (const [name, amount] of Object.entries(list)) {
    yield* validateQuotaResourceName(name, at.key(name))
    yield* validateResourceQuantity(name, amount, at.key(name))
  }
}

function* validateSpec(spec: ResourceQuotaSpec): Errors {
  yield* amounts(spec.hard, path.child("hard"))
  yield* plainScopes(spec, path.child("scopes"))
  if (!spec.scopeSelector) return
  const at = path.child("scopeSelector", "matchExpressions")
  const expressions = spec.scopeSelector.matchExpressions ?? []
  for (const expression of expressions) yield* selectedScope(expression, spec, at)
  yield* conflicts(
    expressions.map(({ scopeName }) => scopeName),
    spec,
    at,
  )
}

/** Resources that the scope does not apply to, each once. */
function misplacedResources(scope: string, { hard = {} }: ResourceQuotaSpec): string[] {
  const counted = scopes[scope]
  if (!counted) return []
  return Object.keys(hard).filter((name) => isQuotaResource(name) && !counted.includes(name))
}

function* plainScopes(spec: ResourceQuotaSpec, at: FieldPath): Errors {
  const names = spec.scopes ?? []
  for (const scope of names) {
    if (!(scope in scopes)) yield invalidValue(at, names, "unsupported scope")
    for (const _ of misplacedResources(scope, spec)) {
      yield invalidValue(at, names, "unsupported scope applied to resource")
    }
  }
  yield* conflicts(names, spec, at)
}

function* conflicts(names: readonly string[], spec: ResourceQuotaSpec, at: FieldPath): Errors {
  for (const scope of ["BestEffort", "Terminating"]) {
    if (!names.includes(scope) || !names.includes(`Not${scope}`)) continue
    yield invalidValue(at, spec.scopes ?? null, "conflicting scopes")
  }
}

const existsOnly =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

function* selectedScope(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  spec: ResourceQuotaSpec,
  at: FieldPath,
): Errors {
  if (!(scopeName in scopes)) yield invalidValue(at.child("scopeName"), scopeName, "unsupported scope")
  for (const _ of misplacedResources(scopeName, spec)) {
    yield invalidValue(at, spec.scopeSelector, "unsupported scope applied to resource")
  }
  const operatorPath = at.child("operator")
  const hasValues = scopeName === "PriorityClass" || scopeName === "VolumeAttributesClass"
  if (scopeName in scopes && !hasValues && operator !== "Exists") {
    yield invalidValue(operatorPath, operator, existsOnly)
  }
  if (operator === "In" || operator === "NotIn") {
    if (values.length > 0) return
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    yield requiredValue(at.child("values"), detail)
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length === 0) return
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    yield invalidValue(at.child("values"), values, detail)
  } else yield invalidValue(operatorPath, operator, "not a valid selector operator")
}

export function* resourceQuotaWarnings(
  { spec: { hard = {} } }: ResourceQuota,
  old: ResourceQuota | undefined,
): Iterable<string> {
  if (old) return
  for (const name of ["cpu", "memory", "ephemeral-storage"]) {
    const full = `requests.${name}`
    const request = full in hard || name === "ephemeral-storage" ? full : name
    const limit = `limits.${name}`
    if (hard[request] === undefined || hard[limit] === undefined) continue
    const [low, high] = [parseQuantity(hard[request]), parseQuantity(hard[limit])]
    if (low.nanos <= high.nanos) continue
    yield `ResourceQuota ${request} (${low.text}) should be less than ${limit} (${high.text})`
  }
}
