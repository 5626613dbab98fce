import {
  duplicateValue,
  forbiddenValue,
  internalFieldError,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { configMapKeyProblems, labelValueProblems } from "../../../apimachinery/names.ts"
import { quote } from "../../../base/quote.ts"
import { utf8Length } from "../../../base/utf8.ts"
import {
  dnsLabel,
  dnsSubdomain,
  type Errors,
  oneOf,
  positive,
  problems,
  qualifiedName,
} from "../../validation/checks.ts"
import { ipNetwork, ipNetworkWarnings, isDualStack } from "../../validation/ip.ts"
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource, NodeStatus } from "../v1/node.ts"
import type { Taint } from "../v1/toleration.ts"
import { validateResourceQuantity } from "./resources.ts"
import { taintEffects } from "./taints.ts"

export function* validateNode(node: Node): Errors {
  const { spec, status } = node
  yield* annotatedTaints(node)
  yield* taints(spec.taints ?? [], fieldPath("metadata", "taints"))
  yield* resources(status)
  yield* positive(status.nodeInfo?.swap?.capacity, fieldPath("metadata", "nodeSwapStatus", "capacity"))
  yield* declaredFeatures(status.declaredFeatures ?? [], fieldPath("status", "declaredFeatures"))
  const networks = spec.podCIDRs ?? []
  const path = fieldPath("spec", "podCIDRs")
  for (const [index, network] of networks.entries()) yield* ipNetwork(network, path.index(index))
  if (networks.length > 1) yield* networksTogether(networks, path)
}

function* networksTogether(networks: readonly string[], path: FieldPath): Errors {
  const unreadable = networks.findIndex((network) => [...ipNetwork(network, path)].length > 0)
  if (unreadable >= 0) {
    const why = `invalid CIDR[${unreadable}]: <nil> (invalid CIDR address: ${networks[unreadable]})`
    yield internalFieldError(path, `invalid PodCIDRs. failed to check with dual stack with error:${why}`)
  }
  const bases = networks.map((network) => network.split("/")[0]!)
  if (unreadable < 0 && isDualStack(bases) && networks.length === 2) return
  yield invalidValue(path, networks, "may specify no more than one CIDR for each IP family")
}

const taintsAnnotation = "scheduler.alpha.kubernetes.io/taints"

function* annotatedTaints({ metadata }: Node): Errors {
  const text = metadata.annotations?.[taintsAnnotation]
  if (!text) return
  const path = fieldPath("metadata", "annotations")
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // What follows says enough.
  }
  if (Array.isArray(parsed)) yield* taints(parsed, path.child(taintsAnnotation))
  else yield invalidValue(path, taintsAnnotation, "must be a JSON list of taints")
}

function* taints(list: readonly Taint[], path: FieldPath): Errors {
  const seen = new Set<string>()
  for (const [index, taint] of list.entries()) {
    const at = path.index(index)
    const { key, value = "", effect } = taint
    yield* qualifiedName(key, at.child("key"))
    const texts = labelValueProblems(value)
    if (texts.length > 0) yield invalidValue(at.child("value"), value, texts.join(";"))
    yield* oneOf(effect, at.child("effect"), taintEffects)
    const pair = JSON.stringify([key, effect])
    if (seen.has(pair)) {
      yield { ...duplicateValue(at, taint), detail: "taints must be unique by key and effect pair" }
    }
    seen.add(pair)
  }
}

function* resources(status: NodeStatus): Errors {
  for (const list of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries(status[list] ?? {})) {
      yield* validateResourceQuantity(name, amount, fieldPath("status", list, name))
    }
  }
}

const featurePattern = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/
const maxFeatureBytes = 253

function* declaredFeatures(features: readonly string[], path: FieldPath): Errors {
  for (const [index, feature] of features.entries()) {
    const what = `invalid feature name ${quote(feature)}`
    if (utf8Length(feature) > maxFeatureBytes) {
      yield invalidValue(
        path.index(index),
        feature,
        `${what}: must be no more than ${maxFeatureBytes} characters`,
      )
    } else if (!featurePattern.test(feature)) {
      const detail = `${what}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`
      yield invalidValue(path.index(index), feature, detail)
    }
    const next = features[index + 1]
    if (next === undefined) continue
    if (next === feature) yield duplicateValue(path.index(index + 1), next)
    else if (next < feature)
      yield invalidValue(path.index(index + 1), next, "list must be sorted alphabetically")
  }
}

export function* validateNodeUpdate(node: Node, old: Node): Errors {
  yield* validateNode(node)
  yield* validateNodeStatusUpdate(node, old)
}

export function* validateNodeStatusUpdate(node: Node, old: Node): Errors {
  const { spec, status } = node
  yield* annotatedTaints(node)
  yield* resources(status)
  yield* declaredFeatures(status.declaredFeatures ?? [], fieldPath("status", "declaredFeatures"))
  const addresses = new Set<string>()
  for (const [index, address] of (status.addresses ?? []).entries()) {
    const key = JSON.stringify([address.type, address.address])
    if (addresses.has(key)) yield duplicateValue(fieldPath("status", "addresses").index(index), address)
    addresses.add(key)
  }
  yield* setOnce(node, old)
  const { configSource } = spec
  if (configSource) yield* wantedConfiguration(configSource, fieldPath("spec", "configSource"))
  for (const name of ["assigned", "active", "lastKnownGood"] as const) {
    const source = status.config?.[name]
    if (source) yield* usedConfiguration(source, fieldPath("status", "config", name))
  }
  yield* taints(spec.taints ?? [], fieldPath("metadata", "taints"))
  if (spec.externalID !== old.spec.externalID) {
    yield forbiddenValue(fieldPath("spec", "externalID"), "may not be updated")
  }
}

/** Pods on the node have addresses of its networks, and clouds know it by its id. */
function* setOnce({ spec }: Node, old: Node): Errors {
  const before = old.spec.podCIDRs ?? []
  const now = spec.podCIDRs ?? []
  const changed =
    before.length === now.length ? before.filter((network, index) => network !== now[index]) : [""]
  for (const _ of before.length > 0 ? changed : []) {
    const detail = 'node updates may not change podCIDR except from "" to valid'
    yield forbiddenValue(fieldPath("spec", "podCIDRs"), detail)
  }
  if (old.spec.providerID && old.spec.providerID !== spec.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid'
    yield forbiddenValue(fieldPath("spec", "providerID"), detail)
  }
}

const oneSource = "exactly one reference subfield must be non-nil"

function* wantedConfiguration(source: NodeConfigSource, path: FieldPath): Errors {
  const { configMap } = source
  if (!configMap) {
    yield invalidValue(path, source, oneSource)
    return
  }
  const at = path.child("configMap")
  for (const name of ["uid", "resourceVersion"] as const) {
    if (configMap[name]) yield forbiddenValue(at.child(name), `${name} must not be set in spec`)
  }
  yield* configMapReference(configMap, at)
}

function* usedConfiguration(source: NodeConfigSource, path: FieldPath): Errors {
  const { configMap } = source
  if (!configMap) {
    yield invalidValue(path, source, oneSource)
    return
  }
  const at = path.child("configMap")
  for (const name of ["uid", "resourceVersion"] as const) {
    if (!configMap[name]) yield requiredValue(at.child(name))
  }
  yield* configMapReference(configMap, at)
}

function* configMapReference(
  { namespace, name, kubeletConfigKey: key }: ConfigMapNodeConfigSource,
  path: FieldPath,
): Errors {
  if (namespace) yield* dnsLabel(namespace, path.child("namespace"))
  else yield requiredValue(path.child("namespace"))
  if (name) yield* dnsSubdomain(name, path.child("name"))
  else yield requiredValue(path.child("name"))
  const keyPath = path.child("kubeletConfigKey")
  if (key) yield* problems(key, keyPath, configMapKeyProblems(key))
  else yield requiredValue(keyPath)
}

export function* nodeWarnings({ spec }: Node): Iterable<string> {
  if (spec.configSource) yield "spec.configSource: the feature is removed"
  if (spec.externalID) yield "spec.externalID: this field is deprecated, and is unused by Kubernetes"
  for (const [index, network] of (spec.podCIDRs ?? []).entries()) {
    yield* ipNetworkWarnings(network, fieldPath("spec", "podCIDRs").index(index))
  }
}
