import {
  always,
  field,
  type Infer,
  int32,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"
import { LabelSelector } from "../../meta/v1/label-selector.ts"
import { NodeSelector, NodeSelectorTerm } from "./node-selector.ts"

// Where a pod would rather, or must, or must not run: by node labels and by the pods already there.

export const PreferredSchedulingTerm = message("io.k8s.api.core.v1.PreferredSchedulingTerm", {
  weight: always(1, int32, { required: true }),
  preference: always(2, NodeSelectorTerm, { required: true }),
})
export interface PreferredSchedulingTerm extends Infer<typeof PreferredSchedulingTerm> {}

export const NodeAffinity = message("io.k8s.api.core.v1.NodeAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: optional(1, NodeSelector),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(PreferredSchedulingTerm)),
})
export interface NodeAffinity extends Infer<typeof NodeAffinity> {}

export const PodAffinityTerm = message("io.k8s.api.core.v1.PodAffinityTerm", {
  labelSelector: optional(1, LabelSelector),
  namespaces: field(2, list(string)),
  topologyKey: always(3, string, { required: true }),
  namespaceSelector: optional(4, LabelSelector),
  matchLabelKeys: field(5, list(string)),
  mismatchLabelKeys: field(6, list(string)),
})
export interface PodAffinityTerm extends Infer<typeof PodAffinityTerm> {}

export const WeightedPodAffinityTerm = message("io.k8s.api.core.v1.WeightedPodAffinityTerm", {
  weight: always(1, int32, { required: true }),
  podAffinityTerm: always(2, PodAffinityTerm, { required: true }),
})
export interface WeightedPodAffinityTerm extends Infer<typeof WeightedPodAffinityTerm> {}

export const PodAffinity = message("io.k8s.api.core.v1.PodAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(WeightedPodAffinityTerm)),
})
export interface PodAffinity extends Infer<typeof PodAffinity> {}

export const PodAntiAffinity = message("io.k8s.api.core.v1.PodAntiAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(WeightedPodAffinityTerm)),
})
export interface PodAntiAffinity extends Infer<typeof PodAntiAffinity> {}

export const Affinity = message("io.k8s.api.core.v1.Affinity", {
  nodeAffinity: optional(1, NodeAffinity),
  podAffinity: optional(2, PodAffinity),
  podAntiAffinity: optional(3, PodAntiAffinity),
})
export interface Affinity extends Infer<typeof Affinity> {}
