import { forbiddenValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabel, type Errors, labelSelector, qualifiedName } from "../../validation/checks.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { Affinity, NodeAffinity, PodAffinity, PodAffinityTerm } from "../v1/affinity.ts"
import { validateNodeSelector, validateNodeSelectorTerm } from "./node-selector.ts"

const requiredTerms = "requiredDuringSchedulingIgnoredDuringExecution"
const preferredTerms = "preferredDuringSchedulingIgnoredDuringExecution"

export function* validateAffinity(affinity: Affinity | undefined, path: FieldPath): Errors {
  if (!affinity) return
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  if (nodeAffinity) yield* validateNodeAffinity(nodeAffinity, path.child("nodeAffinity"))
  if (podAffinity) yield* validatePodAffinity(podAffinity, path.child("podAffinity"))
  if (podAntiAffinity) yield* validatePodAffinity(podAntiAffinity, path.child("podAntiAffinity"))
}

function* validateNodeAffinity(affinity: NodeAffinity, path: FieldPath): Errors {
  const selector = affinity[requiredTerms]
  if (selector) yield* validateNodeSelector(selector, true, path.child(requiredTerms))
  for (const [index, { weight, preference }] of (affinity[preferredTerms] ?? []).entries()) {
    const at = path.child(preferredTerms).index(index)
    yield* validateWeight(weight, at.child("weight"))
    yield* validateNodeSelectorTerm(preference, false, at.child("preference"))
  }
}

function* validateWeight(weight: number, path: FieldPath): Errors {
  if (weight <= 0 || weight > 100) yield invalidValue(path, weight, "must be in the range 1-100")
}

function* validatePodAffinity(affinity: PodAffinity, path: FieldPath): Errors {
  for (const [index, term] of (affinity[requiredTerms] ?? []).entries()) {
    yield* validateTerm(term, path.child(requiredTerms).index(index))
  }
  for (const [index, { weight, podAffinityTerm }] of (affinity[preferredTerms] ?? []).entries()) {
    const at = path.child(preferredTerms).index(index)
    yield* validateWeight(weight, at.child("weight"))
    yield* validateTerm(podAffinityTerm, at.child("podAffinityTerm"))
  }
}

function* validateTerm(term: PodAffinityTerm, path: FieldPath): Errors {
  const { namespaces = [], topologyKey } = term
  yield* labelSelector(term.labelSelector, path.child("labelSelector"))
  yield* labelSelector(term.namespaceSelector, path.child("namespaceSelector"))
  for (const name of namespaces) yield* dnsLabel(name, path.child("namespace"))
  yield* validateMatchLabelKeys(term, path)
  if (!topologyKey) yield requiredValue(path.child("topologyKey"), "can not be empty")
  yield* qualifiedName(topologyKey, path.child("topologyKey"))
}

interface MatchLabelKeys {
  readonly matchLabelKeys?: readonly string[] | undefined
  readonly mismatchLabelKeys?: readonly string[] | undefined
  readonly labelSelector?: LabelSelector | undefined
}

/** Keys of labels whose values are taken from the pod itself, and put into the selector. */
export function* validateMatchLabelKeys(term: MatchLabelKeys, path: FieldPath): Errors {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector: selector } = term
  yield* labelKeys(matchLabelKeys, selector, path.child("matchLabelKeys"))
  yield* labelKeys(mismatchLabelKeys, selector, path.child("mismatchLabelKeys"))
  if (selector) {
    // A key once in the selector may have been put there by this very mechanism; twice cannot.
    const selected = new Set(Object.keys(selector.matchLabels ?? {}))
    for (const { key } of selector.matchExpressions ?? []) {
      const index = matchLabelKeys.lastIndexOf(key)
      if (index >= 0 && selected.has(key)) {
        yield invalidValue(path.index(index), key, "exists in both matchLabelKeys and labelSelector")
      }
      selected.add(key)
    }
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue
    const at = path.child("matchLabelKeys").index(index)
    yield invalidValue(at, key, "exists in both matchLabelKeys and mismatchLabelKeys")
  }
}

function* labelKeys(keys: readonly string[], selector: LabelSelector | undefined, path: FieldPath): Errors {
  if (keys.length === 0) return
  if (!selector) {
    yield forbiddenValue(path, "must not be specified when labelSelector is not set")
    return
  }
  for (const [index, key] of keys.entries()) yield* qualifiedName(key, path.index(index))
}
