import {
  duplicateValue,
  forbiddenValue,
  internalFieldError,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { parseIp } from "../../../base/ip-address.ts"
import { dnsLabel, dnsSubdomain, type Errors, immutable, qualifiedName } from "../../validation/checks.ts"
import { ipAddress, isDualStack } from "../../validation/ip.ts"
import type { Container } from "../v1/container.ts"
import type { Pod, PodCondition, PodSpec, PodStatus } from "../v1/pod.ts"
import { validateContainerStatuses } from "./container-statuses.ts"
import { validatePodAnnotationUpdates } from "./pod-metadata.ts"
import { isNativeResource } from "./resources.ts"

const path = fieldPath("status")

export function* validatePodStatusUpdate(pod: Pod, old: Pod): Errors {
  yield* validatePodAnnotationUpdates(pod, old, fieldPath("metadata", "annotations"))
  const { status } = pod
  yield* conditions(status.conditions ?? [], path.child("conditions"))
  yield* nominatedNode(pod, old)
  yield* generation(status.observedGeneration, path)
  yield* immutable(status.qosClass ?? "", old.status.qosClass ?? "", path.child("qosClass"))
  yield* validateContainerStatuses(pod, old, path, "states")
  yield* claimStatuses(pod, path.child("resourceClaimStatuses"))
  yield* extendedClaimStatus(pod, path.child("extendedResourceClaimStatus"))
  yield* nodeClaimStatuses(pod, path.child("nodeAllocatableResourceClaimStatuses"))
  yield* addresses(status.podIPs ?? [], path.child("podIPs"))
  yield* hostAddresses(status, path.child("hostIPs"))
  yield* validateContainerStatuses(pod, old, path, "details")
}

function* generation(observed: number | undefined, at: FieldPath): Errors {
  if ((observed ?? 0) >= 0) return
  yield invalidValue(at.child("observedGeneration"), observed, "must be a non-negative integer")
}

const ownConditions = ["PodScheduled", "Ready", "Initialized"]

function* conditions(list: readonly PodCondition[], at: FieldPath): Errors {
  for (const [index, { type, observedGeneration }] of list.entries()) {
    yield* generation(observedGeneration, at.index(index))
    if (!ownConditions.includes(type)) yield* qualifiedName(type, at.index(index).child("Type"))
  }
}

/** Where the scheduler means to put the pod once others have made room. */
function* nominatedNode({ spec, status }: Pod, old: Pod): Errors {
  if (spec.nodeName !== old.spec.nodeName) {
    yield forbiddenValue(path.child("nodeName"), "may not be changed directly")
  }
  const { nominatedNodeName: name } = status
  if (!name || name === old.status.nominatedNodeName) return
  const at = path.child("nominatedNodeName")
  yield* dnsSubdomain(name, at)
  if (old.spec.nodeName) yield forbiddenValue(at, "may not be set on pods that are already bound to a node")
}

function* claimStatuses({ spec, status }: Pod, at: FieldPath): Errors {
  const seen = new Set<string>()
  for (const [index, { name, resourceClaimName }] of (status.resourceClaimStatuses ?? []).entries()) {
    const entry = at.index(index)
    if (!spec.resourceClaims?.some((claim) => claim.name === name)) {
      const detail = "must match the name of an entry in `spec.resourceClaims`"
      yield invalidValue(entry.child("name"), name, detail)
    }
    if (seen.has(name)) yield duplicateValue(entry.child("name"), name)
    seen.add(name)
    if (resourceClaimName !== undefined) {
      yield* dnsSubdomain(resourceClaimName, entry.child("resourceClaimName"))
    }
  }
}

/** The claim that the scheduler made for devices that containers ask for like any other resource. */
function* extendedClaimStatus({ spec, status }: Pod, at: FieldPath): Errors {
  const claim = status.extendedResourceClaimStatus
  if (!claim) return
  const mappings = claim.requestMappings ?? []
  const mappingsPath = at.child("requestMappings")
  if (mappings.length === 0) yield requiredValue(mappingsPath, "at least one request mapping is required")
  const seen = new Set<string>()
  for (const [index, mapping] of mappings.entries()) {
    const entry = mappingsPath.index(index)
    const { containerName, resourceName, requestName } = mapping
    yield* mappedContainer(findContainer(spec, containerName), mapping, entry)
    yield* dnsLabel(requestName, at.child("requestName"))
    const key = JSON.stringify([containerName, resourceName, requestName])
    if (seen.has(key)) {
      for (const [field, value] of Object.entries({ containerName, resourceName, requestName })) {
        yield duplicateValue(entry.child(field), value)
      }
    }
    seen.add(key)
  }
  const namePath = at.child("resourceClaimName")
  if (claim.resourceClaimName) yield* dnsSubdomain(claim.resourceClaimName, namePath)
  else yield requiredValue(namePath)
}

function* mappedContainer(
  container: Container | undefined,
  { containerName, resourceName }: { readonly containerName: string; readonly resourceName: string },
  at: FieldPath,
): Errors {
  if (!container) {
    const detail = "must match the name of an entry in spec.initContainers.name or spec.containers.name"
    yield invalidValue(at.child("containerName"), containerName, detail)
  } else if (container.resources.requests?.[resourceName] === undefined) {
    const detail =
      "must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests"
    yield invalidValue(at.child("resourceName"), resourceName, detail)
  }
}

function findContainer(spec: PodSpec, name: string): Container | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name)
}

function* nodeClaimStatuses({ spec, status }: Pod, at: FieldPath): Errors {
  const known = new Set(
    [...(spec.resourceClaims ?? []), ...(status.resourceClaimStatuses ?? [])].map(
      ({ resourceClaimName }) => resourceClaimName,
    ),
  )
  for (const [index, claim] of (status.nodeAllocatableResourceClaimStatuses ?? []).entries()) {
    const entry = at.index(index)
    const { resourceClaimName: name, containers = [], resources } = claim
    if (!name) yield requiredValue(entry.child("resourceClaimName"), "must not be empty")
    if (!known.has(name)) {
      yield invalidValue(entry.child("resourceClaimName"), name, "no mapping found in pod reference")
    }
    if (containers.length === 0) yield requiredValue(entry.child("containers"), "must not be empty")
    const amounts = Object.entries(resources ?? {})
    if (amounts.length === 0) yield requiredValue(entry.child("resources"), "must not be empty")
    for (const [resource, amount] of amounts) {
      const quantity = parseQuantity(amount)
      const key = entry.child("resources").key(resource)
      if (!isNativeResource(resource)) {
        yield invalidValue(key, resource, "must be a node allocatable resource name")
      }
      if (quantity.nanos < 0n) yield invalidValue(key, quantity.text, "must be non-negative")
    }
  }
}

function* addresses(list: readonly { readonly ip: string }[], at: FieldPath): Errors {
  for (const [index, { ip }] of list.entries()) yield* ipAddress(ip, at.index(index))
  if (list.length < 2) return
  const texts = list.map(({ ip }) => ip)
  const unknown = texts.findIndex((text) => !parseIp(text))
  if (unknown >= 0) {
    const detail = `failed to check for dual stack with error:invalid IP[${unknown}]: ${texts[unknown]}`
    yield internalFieldError(at, detail)
  }
  if (isDualStack(texts) && list.length === 2) return
  yield invalidValue(at, list, "may specify no more than one IP for each IP family")
}

function* hostAddresses({ hostIP = "", hostIPs = [] }: PodStatus, at: FieldPath): Errors {
  const [first] = hostIPs
  if (first && first.ip !== hostIP) {
    yield invalidValue(at.index(0).child("ip"), first.ip, "must be equal to `hostIP`")
  }
  yield* addresses(hostIPs, at)
}
