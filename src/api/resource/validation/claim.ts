import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { labelValueProblems } from "../../../apimachinery/names.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  immutable,
  oneOf,
  oneOfIfSet,
  problems,
  qualifiedName,
} from "../../validation/checks.ts"
import type { DeviceSelector } from "../v1/device-configuration.ts"
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceToleration,
  ResourceClaim,
  ResourceClaimSpec,
} from "../v1/resource-claim.ts"
import {
  maxConfigurations,
  type SelectorCheck,
  validateConfiguration,
  validateSelectors,
} from "./configuration.ts"
import { eachOf, uniqueEachOf } from "./lists.ts"
import { fullAttributeName } from "./names.ts"

export const maxRequests = 32
const maxConstraints = 32
const maxAlternatives = 8

export function* validateClaimSpec(
  { devices }: ResourceClaimSpec,
  path: FieldPath,
  check: SelectorCheck,
): Errors {
  const at = path.child("devices")
  const requestName = ({ name }: DeviceRequest) => name
  yield* uniqueEachOf(
    devices.requests,
    at.child("requests"),
    maxRequests,
    (request, requestPath) => validateRequest(request, requestPath, check),
    requestName,
  )
  yield* eachOf(devices.constraints, at.child("constraints"), maxConstraints, (constraint, each) =>
    validateConstraint(constraint, each, devices),
  )
  yield* eachOf(devices.config, at.child("config"), maxConfigurations, function* (config, each) {
    yield* requestReferences(config.requests, each.child("requests"), devices)
    yield* validateConfiguration(config, each)
  })
}

export function* validateClaimUpdate(claim: ResourceClaim, old: ResourceClaim): Errors {
  yield* immutable(claim.spec, old.spec, fieldPath("spec"))
}

function* validateRequest(
  { name, exactly, firstAvailable = [] }: DeviceRequest,
  path: FieldPath,
  check: SelectorCheck,
): Errors {
  yield* dnsLabel(name, path.child("name"))
  const oneNeeded = "exactly one of `exactly` or `firstAvailable` is required"
  if (exactly && firstAvailable.length > 0) {
    yield invalidValue(path, null, `${oneNeeded}, but multiple fields are set`)
  } else if (exactly) yield* validateWish(exactly, path.child("exactly"), check)
  else if (firstAvailable.length === 0) yield requiredValue(path, oneNeeded)
  else {
    yield* uniqueEachOf(
      firstAvailable,
      path.child("firstAvailable"),
      maxAlternatives,
      function* (alternative, at) {
        yield* dnsLabel(alternative.name, at.child("name"))
        yield* validateWish(alternative, at, check)
      },
      (alternative) => alternative.name,
    )
  }
}

interface Wish {
  readonly deviceClassName: string
  readonly selectors?: readonly DeviceSelector[]
  readonly allocationMode?: string
  readonly count?: number
  readonly tolerations?: readonly DeviceToleration[]
}

function* validateWish(wish: Wish, path: FieldPath, check: SelectorCheck): Errors {
  const classPath = path.child("deviceClassName")
  if (wish.deviceClassName) yield* dnsSubdomain(wish.deviceClassName, classPath)
  else yield requiredValue(classPath)
  yield* validateSelectors(wish.selectors, path.child("selectors"), check)
  yield* allocationMode(wish, path)
  for (const [index, toleration] of (wish.tolerations ?? []).entries()) {
    yield* validateToleration(toleration, path.child("tolerations").index(index))
  }
}

function* allocationMode({ allocationMode: mode = "", count = 0 }: Wish, path: FieldPath): Errors {
  if (mode === "All") {
    if (count !== 0) {
      yield invalidValue(path.child("count"), count, "must not be specified when allocationMode is 'All'")
    }
  } else if (mode === "ExactCount") {
    if (count <= 0) yield invalidValue(path.child("count"), count, "must be greater than zero")
  } else yield unsupportedValue(path.child("allocationMode"), mode, ["All", "ExactCount"])
}

export const taintEffects = ["NoExecute", "NoSchedule", "None"]

function* validateToleration(
  { key, operator, value = "", effect }: DeviceToleration,
  path: FieldPath,
): Errors {
  if (key) yield* qualifiedName(key, path.child("key"))
  if (operator === "Exists") {
    if (value) yield invalidValue(path.child("value"), value, "must be empty for operator `Exists`")
  } else if (operator === "Equal") yield* problems(value, path.child("value"), labelValueProblems(value))
  else yield* oneOf(operator, path.child("operator"), ["Equal", "Exists"])
  if (effect) yield* oneOfIfSet(effect, path.child("effect"), taintEffects)
}

function* validateConstraint(constraint: DeviceConstraint, path: FieldPath, devices: DeviceClaim): Errors {
  const { requests, matchAttribute, distinctAttribute } = constraint
  yield* requestReferences(requests, path.child("requests"), devices)
  if (matchAttribute !== undefined) yield* fullAttributeName(matchAttribute, path.child("matchAttribute"))
  else if (distinctAttribute !== undefined) {
    yield* fullAttributeName(distinctAttribute, path.child("distinctAttribute"))
  } else {
    const detail =
      'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    yield requiredValue(path, detail)
  }
}

export function* requestReferences(
  names: readonly string[] | undefined,
  path: FieldPath,
  devices: DeviceClaim,
): Errors {
  yield* uniqueEachOf(
    names,
    path,
    maxRequests,
    (name, at) => requestReference(name, at, devices),
    (name) => name,
  )
}

/** "request" or "request/alternative" */
export function* requestReference(name: string, path: FieldPath, devices: DeviceClaim): Errors {
  const detail =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
  const [first, second, ...more] = name.split("/")
  if (more.length === 0) for (const part of name.split("/")) yield* dnsLabel(part, path)
  const request = devices.requests?.find((each) => each.name === first)
  const isThere =
    request && (second === undefined || request.firstAvailable?.some((each) => each.name === second))
  if (!isThere || more.length > 0) yield invalidValue(path, name, detail)
}
