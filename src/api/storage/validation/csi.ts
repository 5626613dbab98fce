import {
  duplicateValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { labelSelectorWarnings } from "../../core/validation/deprecated-labels.ts"
import {
  csiDriverName,
  dnsSubdomain,
  type Errors,
  immutable,
  labelSelector,
  nonNegative,
  nonNegativeQuantity,
  oneOfIfSet,
  qualifiedName,
} from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { CSIDriver, CSIDriverSpec, TokenRequest } from "../v1/csi-driver.ts"
import type { CSINode, CSINodeDriver } from "../v1/csi-node.ts"
import type { CSIStorageCapacity } from "../v1/csi-storage-capacity.ts"

const path = fieldPath("spec")
const maxNodeIdLength = 256
const minUpdateSeconds = 10
const minTokenSeconds = 600
const maxTokenSeconds = 2 ** 32
const fsGroupPolicies = ["File", "None", "ReadWriteOnceWithFSType"]

export function* validateCsiDriver({ spec }: CSIDriver): Errors {
  for (const [name, at] of [
    ["attachRequired", "attachedRequired"],
    ["podInfoOnMount", "podInfoOnMount"],
    ["storageCapacity", "storageCapacity"],
  ] as const) {
    if (spec[name] === undefined) yield requiredValue(path.child(at))
  }
  yield* oneOfIfSet(spec.fsGroupPolicy, path.child("fsGroupPolicy"), fsGroupPolicies)
  yield* tokenRequests(spec.tokenRequests ?? [], path.child("tokenRequests"))
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (mode === "Persistent" || mode === "Ephemeral") continue
    yield unsupportedValue(path.child("volumeLifecycleModes"), mode, ["Persistent", "Ephemeral"])
  }
  if (spec.seLinuxMount === undefined) yield requiredValue(path.child("seLinuxMount"))
  yield* switches(spec)
}

function* switches(spec: CSIDriverSpec): Errors {
  const { nodeAllocatableUpdatePeriodSeconds: seconds, serviceAccountTokenInSecrets: inSecrets } = spec
  if (seconds !== undefined && seconds < minUpdateSeconds) {
    const detail = `must be greater than or equal to ${minUpdateSeconds} seconds`
    yield invalidValue(path.child("nodeAllocatableUpdatePeriodSeconds"), seconds, detail)
  }
  if (inSecrets !== undefined && !spec.tokenRequests?.length) {
    const detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
    yield invalidValue(path.child("serviceAccountTokenInSecrets"), inSecrets, detail)
  }
}

function* tokenRequests(requests: readonly TokenRequest[], at: FieldPath): Errors {
  const audiences = new Set<string>()
  for (const [index, { audience, expirationSeconds: seconds }] of requests.entries()) {
    if (audiences.has(audience)) {
      yield duplicateValue(at.index(index).child("audience"), audience)
      continue
    }
    audiences.add(audience)
    const entry = at.index(index).child("expirationSeconds")
    if (seconds !== undefined && seconds < minTokenSeconds) {
      yield invalidValue(entry, seconds, "may not specify a duration less than 10 minutes")
    }
    if (seconds !== undefined && seconds > maxTokenSeconds) {
      yield invalidValue(entry, seconds, "may not specify a duration larger than 2^32 seconds")
    }
  }
}

export function* validateCsiDriverUpdate(driver: CSIDriver, old: CSIDriver): Errors {
  yield* validateCsiDriver(driver)
  const { attachRequired, volumeLifecycleModes } = driver.spec
  yield* immutable(attachRequired, old.spec.attachRequired, path.child("attachedRequired"))
  yield* immutable(volumeLifecycleModes, old.spec.volumeLifecycleModes, path.child("volumeLifecycleModes"))
}

export function* csiDriverWarnings({ spec }: CSIDriver, old: CSIDriver | undefined): Iterable<string> {
  const { tokenRequests: requests = [], serviceAccountTokenInSecrets } = spec
  if (requests.length === 0 || serviceAccountTokenInSecrets !== undefined) return
  if (old && semanticEqual(requests, old.spec.tokenRequests)) return
  yield "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes"
}

export function* validateCsiNode({ spec }: CSINode): Errors {
  const names = new Set<string>()
  for (const [index, driver] of (spec.drivers ?? []).entries()) {
    const at = path.child("drivers").index(index)
    yield* nodeDriver(driver, at)
    if (names.has(driver.name)) yield duplicateValue(at.child("name"), driver.name)
    names.add(driver.name)
    yield* topologyKeys(driver.topologyKeys ?? [], at)
  }
}

function* nodeDriver({ name, nodeID, allocatable }: CSINodeDriver, at: FieldPath): Errors {
  yield* csiDriverName(name, at.child("name"))
  if (!nodeID) yield requiredValue(at.child("nodeID"))
  if (utf8Length(nodeID) > maxNodeIdLength) {
    yield invalidValue(at.child("nodeID"), nodeID, `must be ${maxNodeIdLength} characters or less`)
  }
  yield* nonNegative(allocatable?.count, at.child("allocatable", "count"))
}

function* topologyKeys(keys: readonly string[], at: FieldPath): Errors {
  for (const [index, key] of keys.entries()) {
    if (!key) yield requiredValue(at, key)
    if (keys.indexOf(key) < index) yield duplicateValue(at, key)
    yield* qualifiedName(key, at)
  }
}

/** A driver on a node stays what it is, but for how many volumes it can attach. */
export function* validateCsiNodeUpdate(node: CSINode, old: CSINode): Errors {
  yield* validateCsiNode(node)
  for (const before of old.spec.drivers ?? []) {
    for (const now of node.spec.drivers ?? []) {
      if (now.name !== before.name) continue
      const [{ allocatable: _, ...rest }, { allocatable: __, ...expected }] = [now, before]
      yield* immutable(rest, expected, path.child("drivers"))
    }
  }
}

export function* validateCsiStorageCapacity(capacity: CSIStorageCapacity): Errors {
  yield* labelSelector(capacity.nodeTopology, fieldPath("nodeTopology"))
  yield* dnsSubdomain(capacity.storageClassName, fieldPath("storageClassName"))
  if (capacity.capacity !== undefined) yield* nonNegativeQuantity(capacity.capacity, fieldPath("capacity"))
}

export function* validateCsiStorageCapacityUpdate(
  capacity: CSIStorageCapacity,
  old: CSIStorageCapacity,
): Errors {
  yield* validateCsiStorageCapacity(capacity)
  yield* immutable(capacity.nodeTopology, old.nodeTopology, fieldPath("nodeTopology"))
  yield* immutable(capacity.storageClassName, old.storageClassName, fieldPath("storageClassName"))
}

export function* csiStorageCapacityWarnings({ nodeTopology }: CSIStorageCapacity): Iterable<string> {
  yield* labelSelectorWarnings(nodeTopology, fieldPath("nodeTopology"))
}
