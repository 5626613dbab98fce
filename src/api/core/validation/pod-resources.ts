import { getMember } from "../../../apimachinery/schema-plan.ts"
import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabel, dnsSubdomain, type Errors } from "../../validation/checks.ts"
import type { PodResourceClaim, PodSpec } from "../v1/pod.ts"
import {
  type Amounts,
  computePodLimits,
  computePodRequests,
  isHugePageResource,
  parseAmounts,
} from "../v1/pod-resources.ts"
import { validatePodResourceName, validateResourceRequirements } from "./resources.ts"

/** What the pod asks for as a whole has to suffice for its containers. */
export function* validatePodResources(spec: PodSpec, claims: ReadonlySet<string>, path: FieldPath): Errors {
  const { resources, os } = spec
  if (!resources) return
  if (os?.name === "windows") {
    yield forbiddenValue(path, "may not be set for a windows pod")
    return
  }
  if (resources.claims) {
    yield forbiddenValue(path.child("claims"), "claims may not be set for Resources at pod-level")
  }
  yield* validateResourceRequirements(resources, validatePodResourceName, claims, path)

  const options = { containersOnly: true, excludeOverhead: true }
  const requests = parseAmounts(resources.requests)
  yield* sumsFit(computePodRequests({ spec }, options), requests, "requests", path.child("requests"))
  const limits = parseAmounts(resources.limits)
  const hugePages = Object.entries(computePodLimits({ spec }, options)).filter(([name]) =>
    isHugePageResource(name),
  )
  yield* sumsFit(Object.fromEntries(hugePages), limits, "limits", path.child("limits"))
  yield* containersFit(spec, limits, path)
}

function* sumsFit(sums: Amounts, amounts: Amounts, part: string, path: FieldPath): Errors {
  for (const [name, sum] of Object.entries(sums)) {
    const amount = getMember(amounts, name)
    if (!amount || sum.nanos <= amount.nanos) continue
    const detail = `must be greater than or equal to aggregate container ${part} of ${sum.text}`
    yield invalidValue(path.key(name), amount.text, detail)
  }
}

function* containersFit(spec: PodSpec, limits: Amounts, path: FieldPath): Errors {
  for (const [index, { resources }] of spec.containers.entries()) {
    for (const [name, amount] of Object.entries(parseAmounts(resources.limits))) {
      const limit = getMember(limits, name)
      if (!limit || amount.nanos <= limit.nanos) continue
      const at = path.child("containers").index(index).key(name).child("limits")
      yield invalidValue(at, amount.text, `must be less than or equal to pod limits of ${limit.text}`)
    }
  }
}

/** Claims for devices, each an existing one or one to be made of a template. */
export function* validatePodResourceClaims(
  claims: readonly PodResourceClaim[],
  isMirror: boolean,
  path: FieldPath,
): Errors {
  const names = new Set<string>()
  for (const [index, claim] of claims.entries()) {
    if (isMirror) yield forbiddenValue("[]", "static pods do not support resource claims")
    else yield* resourceClaim(claim, names, path.index(index))
  }
}

function* resourceClaim(claim: PodResourceClaim, names: Set<string>, path: FieldPath): Errors {
  const { name, resourceClaimName, resourceClaimTemplateName } = claim
  if (!name) yield requiredValue(path.child("name"))
  else if (names.has(name)) yield duplicateValue(path.child("name"), name)
  else yield* dnsLabel(name, path.child("name"))
  if (name) names.add(name)
  const sources = [resourceClaimName, resourceClaimTemplateName].filter((source) => source !== undefined)
  if (sources.length > 1) {
    const detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
    yield invalidValue(path, claim, detail)
  } else if (sources.length === 0) {
    yield invalidValue(path, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`")
  }
  if (resourceClaimName !== undefined) yield* dnsSubdomain(resourceClaimName, path.child("resourceClaimName"))
  if (resourceClaimTemplateName !== undefined) {
    yield* dnsSubdomain(resourceClaimTemplateName, path.child("resourceClaimTemplateName"))
  }
}
