import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import type { NodeSelector } from "../../core/v1/node-selector.ts"
import { validateNodeSelector } from "../../core/validation/node-selector.ts"
import { dnsLabel, dnsSubdomain, type Errors, immutable, required } from "../../validation/checks.ts"
import type { CounterSet, ResourcePool, ResourceSlice, ResourceSliceSpec } from "../v1/resource-slice.ts"
import { validateDevice } from "./device.ts"
import { eachEntryOf, uniqueEachOf } from "./lists.ts"
import { driverName, poolName } from "./names.ts"

const path = fieldPath("spec")
const maxDevices = { plain: 128, advanced: 64 }
const maxCounterSets = 8
export const maxCounters = 32

/** @param old the state before, for an update */
export function* validateSlice({ spec }: ResourceSlice, old?: ResourceSlice): Errors {
  yield* driverName(spec.driver, path.child("driver"))
  yield* validatePool(spec.pool, path.child("pool"))
  if (old) {
    yield* immutable(spec.pool.name, old.spec.pool.name, path.child("pool", "name"))
    yield* immutable(spec.driver, old.spec.driver, path.child("driver"))
    yield* immutable(spec.nodeName, old.spec.nodeName, path.child("nodeName"))
  }
  yield* whichNodes(spec)
  if (spec.sharedCounters && spec.devices) {
    yield invalidValue(path, "", "only one of `sharedCounters` or `devices` is allowed")
  }
  const max = isAdvanced(spec) ? maxDevices.advanced : maxDevices.plain
  yield* uniqueEachOf(
    spec.devices,
    path.child("devices"),
    max,
    (device, at) => {
      const before = old?.spec.devices?.find(({ name }) => name === device.name)
      return validateDevice(device, before, at, spec.perDeviceNodeSelection ?? false)
    },
    ({ name }) => name,
  )
  const countersPath = path.child("sharedCounters")
  yield* uniqueEachOf(spec.sharedCounters, countersPath, maxCounterSets, counterSet, ({ name }) => name)
}

function isAdvanced({ devices = [] }: ResourceSliceSpec): boolean {
  return devices.some(
    ({ taints, consumesCounters, attributes }) =>
      taints?.length ||
      consumesCounters?.length ||
      Object.values(attributes ?? {}).some(({ bools, ints, strings, versions }) =>
        [bools, ints, strings, versions].some((list) => list !== undefined),
      ),
  )
}

function* validatePool({ name, resourceSliceCount, generation }: ResourcePool, at: FieldPath): Errors {
  yield* poolName(name, at.child("name"))
  if (resourceSliceCount <= 0) {
    yield invalidValue(at.child("resourceSliceCount"), resourceSliceCount, "must be greater than zero")
  }
  if (generation < 0) {
    yield invalidValue(at.child("generation"), generation, "must be greater than or equal to zero")
  }
}

/** On one node, on chosen nodes, on all, or as each device says. */
function* whichNodes(spec: ResourceSliceSpec): Errors {
  const set: string[] = []
  const { nodeName, nodeSelector } = spec
  if (nodeName) set.push("`nodeName`")
  if (nodeName) yield* dnsSubdomain(nodeName, path.child("nodeName"))
  if (nodeName === "") {
    yield invalidValue(path.child("nodeName"), "", "must be either unset or set to a non-empty string")
  }
  if (nodeSelector) set.push("`nodeSelector`")
  if (nodeSelector) yield* oneTerm(nodeSelector, path.child("nodeSelector"))
  for (const name of ["allNodes", "perDeviceNodeSelection"] as const) {
    if (spec[name]) set.push(`\`${name}\``)
    else if (spec[name] === false) {
      yield invalidValue(path.child(name), false, "must be either unset or set to true")
    }
  }
  const oneNeeded =
    "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
  if (set.length === 0) yield requiredValue(path, oneNeeded)
  else if (set.length > 1) {
    yield invalidValue(path, `{${set.join(", ")}}`, `${oneNeeded}, but multiple fields are set`)
  }
}

/** One term: selectors of several slices must be easy to merge. */
function* oneTerm(selector: NodeSelector, at: FieldPath): Errors {
  yield* validateNodeSelector(selector, true, at)
  const { nodeSelectorTerms: terms } = selector
  if (terms?.length === 1) return
  yield invalidValue(at.child("nodeSelectorTerms"), terms ?? null, "must have exactly one node selector term")
}

function* counterSet({ name, counters }: CounterSet, at: FieldPath): Errors {
  if (name) yield* dnsLabel(name, at.child("name"))
  else yield requiredValue(at.child("name"))
  yield* required(counters, at.child("counters"))
  yield* eachEntryOf(counters, at.child("counters"), maxCounters, dnsLabel, () => [])
}
