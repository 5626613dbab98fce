import { getMember } from "../../../apimachinery/schema-plan.ts"
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notFoundValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { qualifiedNameProblems } from "../../../apimachinery/names.ts"
import { parseQuantity, quantityValue } from "../../../apimachinery/quantity.ts"
import { dnsLabel, type Errors, nonNegativeQuantity, problems } from "../../validation/checks.ts"
import { isHugePageResource, isPodLevelResource } from "../v1/pod-resources.ts"
import type { ResourceClaim, ResourceList, ResourceRequirements } from "../v1/resource-requirements.ts"

// Names and amounts of resources (https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/).

const containerResources: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"])

const quotaResources: ReadonlySet<string> = new Set([
  "cpu",
  "memory",
  "ephemeral-storage",
  "requests.cpu",
  "requests.memory",
  "requests.storage",
  "requests.ephemeral-storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "persistentvolumeclaims",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
])

const standardResources: ReadonlySet<string> = new Set([...quotaResources, "storage"])

/** Counted in whole units only. */
const integerResources: ReadonlySet<string> = new Set([
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
])

const requestsPrefix = "requests."

/** Kubernetes' own: without a domain, or in one of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes("/") || name.includes("kubernetes.io/")
}

/** Of a device plugin: "example.com/gpu". */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith(requestsPrefix)) return false
  // It must also fit where quota puts it.
  return qualifiedNameProblems(`${requestsPrefix}${name}`).length === 0
}

function isQuotaHugePage(name: string): boolean {
  return name.startsWith("hugepages-") || name.startsWith("requests.hugepages-")
}

/** Requests may be below limits. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePageResource(name)
}

/** Counted in whole units: pods, devices. */
export function isIntegerResource(name: string): boolean {
  return integerResources.has(name) || isExtendedResource(name)
}

export function* validateResourceName(name: string, path: FieldPath): Errors {
  const texts = qualifiedNameProblems(name)
  yield* problems(name, path, texts)
  if (texts.length > 0 || name.includes("/")) return
  if (!standardResources.has(name) && !isQuotaHugePage(name)) {
    yield invalidValue(path, name, "must be a standard resource type or fully qualified")
  }
}

export function* validateContainerResourceName(name: string, path: FieldPath): Errors {
  yield* validateResourceName(name, path)
  if (!name.includes("/")) {
    if (!containerResources.has(name) && !isHugePageResource(name)) {
      yield invalidValue(path, name, "must be a standard resource for containers")
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    yield invalidValue(path, name, "doesn't follow extended resource name standard")
  }
}

export function* validatePodResourceName(name: string, path: FieldPath): Errors {
  const errors = [...validateResourceName(name, path)]
  yield* errors
  if (errors.length === 0 && !isPodLevelResource(name)) {
    yield unsupportedValue(path, name, ["cpu", "hugepages-", "memory"])
  }
}

export function isQuotaResource(name: string): boolean {
  return quotaResources.has(name) || isQuotaHugePage(name)
}

export function* validateQuotaResourceName(name: string, path: FieldPath): Errors {
  yield* validateResourceName(name, path)
  if (!name.includes("/") && !isQuotaResource(name)) {
    yield invalidValue(path, name, "must be a standard resource for quota")
  }
}

export function* validateResourceQuantity(name: string, value: string | number, path: FieldPath): Errors {
  yield* nonNegativeQuantity(value, path)
  if (isIntegerResource(name) && parseQuantity(value).nanos % 1_000_000_000n !== 0n) {
    yield invalidValue(path, parseQuantity(value).text, "must be an integer")
  }
}

export function* validateBasicQuantity(value: string | number, path: FieldPath): Errors {
  const amount = quantityValue(value)
  if (amount < 0) yield invalidValue(path, amount, "must be a valid resource quantity")
}

type NameRule = (name: string, path: FieldPath) => Errors

/** @param claims names of the pod's resource claims, which containers may refer to */
export function* validateResourceRequirements(
  requirements: ResourceRequirements,
  nameRule: NameRule,
  claims: ReadonlySet<string>,
  path: FieldPath,
): Errors {
  const { limits = {}, requests = {} } = requirements
  for (const [name, limit] of Object.entries(limits)) {
    const at = path.child("limits").key(name)
    yield* nameRule(name, at)
    yield* validateResourceQuantity(name, limit, at)
    yield* wholePages(name, limit, at)
  }
  for (const [name, request] of Object.entries(requests)) {
    const at = path.child("requests").key(name)
    yield* nameRule(name, at)
    yield* validateResourceQuantity(name, request, at)
    yield* requestWithinLimit(name, request, limits, path)
    yield* wholePages(name, request, at)
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePageResource) && !names.includes("cpu") && !names.includes("memory")) {
    yield forbiddenValue(path, "HugePages require cpu or memory")
  }
  yield* claimNames(requirements.claims ?? [], claims, path.child("claims"))
}

function* requestWithinLimit(
  name: string,
  value: string | number,
  limits: ResourceList,
  path: FieldPath,
): Errors {
  const ofLimit = getMember(limits, name)
  if (ofLimit === undefined) {
    if (isOvercommitAllowed(name)) return
    yield requiredValue(path.child("limits"), "Limit must be set for non overcommitable resources")
    return
  }
  const [request, limit] = [parseQuantity(value), parseQuantity(ofLimit)]
  const at = path.child("requests")
  if (!isOvercommitAllowed(name) && request.nanos !== limit.nanos) {
    yield invalidValue(at, request.text, `must be equal to ${name} limit of ${limit.text}`)
  } else if (request.nanos > limit.nanos) {
    yield invalidValue(at, request.text, `must be less than or equal to ${name} limit of ${limit.text}`)
  }
}

/** Huge pages come in their own size. */
function* wholePages(name: string, value: string | number, path: FieldPath): Errors {
  if (!isHugePageResource(name)) return
  const quantity = parseQuantity(value)
  if (!isPositiveMultiple(quantity.nanos, name.slice("hugepages-".length))) {
    yield invalidValue(path, quantity.text, `${quantity.text} is not positive integer multiple of ${name}`)
  }
}

function isPositiveMultiple(nanos: bigint, pageSize: string): boolean {
  try {
    const page = parseQuantity(pageSize).nanos
    return page > 0n && nanos % page === 0n
  } catch {
    return false
  }
}

function* claimNames(
  claims: readonly ResourceClaim[],
  podClaims: ReadonlySet<string>,
  path: FieldPath,
): Errors {
  const seen = new Set<string>()
  for (const [index, { name, request }] of claims.entries()) {
    const at = path.index(index)
    if (!name) {
      yield requiredValue(at)
      continue
    }
    if (seen.has(name)) yield duplicateValue(at, name)
    else yield* claimRequest(name, request, seen, at)
    if (!podClaims.has(name)) yield missingClaim(name, podClaims, at)
  }
}

/** A claim as a whole, or requests of it each once, but not both. */
function* claimRequest(
  name: string,
  request: string | undefined,
  seen: Set<string>,
  path: FieldPath,
): Errors {
  const key = request ? `${name}/${request}` : name
  if (request) yield* dnsLabel(request, path.child("request"))
  if (seen.has(key)) yield duplicateValue(path, key)
  else if (!request) {
    for (const other of seen) if (other.startsWith(`${name}/`)) yield duplicateValue(path, name)
  }
  seen.add(key)
}

function missingClaim(name: string, podClaims: ReadonlySet<string>, path: FieldPath): FieldError {
  const known = [...podClaims].sort()
  const rest = known.length === 0 ? " which is empty" : `: ${known.join(", ")}`
  return {
    ...notFoundValue(path, name),
    detail: `must be one of the names in pod.spec.resourceClaims${rest}`,
  }
}
