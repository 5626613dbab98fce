import {
  forbiddenValue,
  invalidValue,
  notFoundValue,
  requiredValue,
  tooLong,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { labelValueProblems } from "../../../apimachinery/names.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { validateNodeSelector } from "../../core/validation/node-selector.ts"
import { isNativeResource } from "../../core/validation/resources.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  oneOf,
  problems,
  qualifiedName,
  required,
} from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { parseSemver } from "../../../apimachinery/semver.ts"
import type { Device, DeviceAttribute, DeviceCounterConsumption } from "../v1/resource-slice.ts"
import { bindingConditions } from "./binding-conditions.ts"
import { validateRequestPolicy } from "./capacity.ts"
import { taintEffects } from "./claim.ts"
import { eachEntryOf, eachOf, uniqueEachOf } from "./lists.ts"
import { attributeName } from "./names.ts"

const maxAttributesAndCapacities = 32
const maxAttributeValues = 48
const maxValueBytes = 64
const maxTaints = 16
const maxConsumptions = 2
const maxCounters = 32

/** @param old the device of that name in the state before */
export function* validateDevice(
  device: Device,
  old: Device | undefined,
  path: FieldPath,
  choosesNodes: boolean,
): Errors {
  yield* dnsLabel(device.name, path.child("name"))
  yield* sizes(device, path)
  yield* eachEntryOf(device.attributes, path.child("attributes"), Infinity, attributeName, validateAttribute)
  yield* eachEntryOf(
    device.capacity,
    path.child("capacity"),
    Infinity,
    attributeName,
    function* (capacity, at) {
      const policyPath = at.child("requestPolicy")
      if (!capacity.requestPolicy) return
      if (device.allowMultipleAllocations) yield* validateRequestPolicy(capacity, policyPath)
      else yield forbiddenValue(policyPath, "allowMultipleAllocations must be true")
    },
  )
  if (!old || !semanticEqual(old.taints, device.taints)) {
    yield* eachOf(device.taints, path.child("taints"), maxTaints, validateTaint)
  }
  const consumptionsPath = path.child("consumesCounters")
  yield* uniqueEachOf(
    device.consumesCounters,
    consumptionsPath,
    maxConsumptions,
    consumption,
    (each) => each.counterSet,
  )
  if (choosesNodes) yield* whichNodes(device, path)
  else if ([device.nodeName, device.nodeSelector, device.allNodes].some((field) => field !== undefined)) {
    const detail =
      "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
    yield invalidValue(path, null, detail)
  }
  yield* bindingConditions(device, path)
  yield* mappings(device, path.child("nodeAllocatableResourceMappings"))
}

function* sizes({ attributes = {}, capacity = {} }: Device, path: FieldPath): Errors {
  const names = Object.keys(attributes).length + Object.keys(capacity).length
  if (names > maxAttributesAndCapacities) {
    const detail = `the total number of attributes and capacities must not exceed ${maxAttributesAndCapacities}`
    yield invalidValue(path, names, detail)
  }
  let values = 0
  for (const { bools = [], ints = [], strings = [], versions = [] } of Object.values(attributes)) {
    values += bools.length + ints.length + strings.length + versions.length || 1
  }
  if (values > maxAttributeValues) {
    yield invalidValue(
      path,
      values,
      `the total number of attribute values must not exceed ${maxAttributeValues}`,
    )
  }
}

/** One value of one type, or a list of them. */
function* validateAttribute(attribute: DeviceAttribute, path: FieldPath): Errors {
  if (attribute.string !== undefined) yield* shortEnough(attribute.string, path.child("string"))
  if (attribute.version !== undefined) yield* version(attribute.version, path.child("version"))
  for (const name of ["bools", "ints", "strings", "versions"] as const) {
    const list = attribute[name]
    if (list?.length === 0) yield invalidValue(path.child(name), list, "must not be empty if specified")
  }
  for (const [index, text] of (attribute.strings ?? []).entries()) {
    yield* shortEnough(text, path.child("strings").index(index))
  }
  for (const [index, text] of (attribute.versions ?? []).entries()) {
    yield* version(text, path.child("versions").index(index))
  }
  const set = Object.values(attribute).filter((value) => value !== undefined).length
  if (set !== 1) yield invalidValue(path, set === 0 ? "" : attribute, "exactly one value must be specified")
}

function* shortEnough(text: string, path: FieldPath): Errors {
  if (utf8Length(text) > maxValueBytes) yield tooLong(path, maxValueBytes)
}

function* version(text: string, path: FieldPath): Errors {
  if (!parseSemver(text)) {
    yield invalidValue(path, text, "must be a string compatible with semver.org spec 2.0.0")
  }
  yield* shortEnough(text, path)
}

interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export function* validateTaint({ key, value, effect }: Taint, path: FieldPath): Errors {
  yield* qualifiedName(key, path.child("key"))
  if (value) yield* problems(value, path.child("value"), labelValueProblems(value))
  yield* oneOf(effect, path.child("effect"), taintEffects)
}

function* consumption({ counterSet, counters }: DeviceCounterConsumption, path: FieldPath): Errors {
  if (counterSet) yield* dnsLabel(counterSet, path.child("counterSet"))
  else yield requiredValue(path.child("counterSet"))
  yield* required(counters, path.child("counters"))
  yield* eachEntryOf(counters, path.child("counters"), maxCounters, dnsLabel, () => [])
}

function* whichNodes({ nodeName, nodeSelector, allNodes }: Device, path: FieldPath): Errors {
  const set: string[] = []
  if (nodeName) set.push("`nodeName`")
  if (nodeName) yield* dnsSubdomain(nodeName, path.child("nodeName"))
  if (nodeName === "") yield invalidValue(path.child("nodeName"), "", "must not be empty")
  if (nodeSelector) set.push("`nodeSelector`")
  if (nodeSelector) yield* validateNodeSelector(nodeSelector, true, path.child("nodeSelector"))
  if (allNodes) set.push("`allNodes`")
  if (allNodes === false)
    yield invalidValue(path.child("allNodes"), false, "must be either unset or set to true")
  const detail =
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec"
  if (set.length === 0) yield requiredValue(path, detail)
  else if (set.length > 1) yield invalidValue(path, `{${set.join(", ")}}`, detail)
}

/** What of a node's own resources the device takes. */
function* mappings(
  { nodeAllocatableResourceMappings: all = {}, capacity = {} }: Device,
  path: FieldPath,
): Errors {
  for (const [name, { allocationMultiplier: multiplier, capacityKey }] of Object.entries(all)) {
    const at = path.key(name)
    if (!isNativeResource(name)) yield invalidValue(at, name, "must be a node allocatable resource name")
    if (multiplier === undefined && capacityKey === undefined) {
      yield invalidValue(at, "", "at least one of allocationMultiplier or capacityKey must be set")
    }
    if (multiplier !== undefined && parseQuantity(multiplier).nanos <= 0n) {
      yield invalidValue(at.child("allocationMultiplier"), parseQuantity(multiplier).text, "must be positive")
    }
    const keyPath = at.child("capacityKey")
    if (capacityKey === "") yield invalidValue(keyPath, "", "capacityKey must not be an empty string")
    else if (capacityKey !== undefined && !(capacityKey in capacity))
      yield notFoundValue(keyPath, capacityKey)
  }
}
