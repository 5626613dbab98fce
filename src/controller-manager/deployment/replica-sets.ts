import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import type { PodTemplateSpec } from "../../api/core/v1/pod.ts"
import { hashJson } from "../../apimachinery/hash.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { controllerReference } from "../shared/owner.ts"
import { deepEqual } from "../shared/deep-equal.ts"
import { replicaAnnotations, syncedAnnotations } from "./annotations.ts"

/** Added to the labels of pods and ReplicaSets, so that generations of one Deployment do not take each other's pods. */
export const hashLabel = "pod-template-hash"

/** A Deployment's ReplicaSets: the one with its present template, if there is one, and all others, oldest first. */
export interface Generations {
  readonly newest: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
}

export function generationsOf(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Generations {
  const sorted = [...replicaSets].sort(byCreation)
  // Should two have the template, the older counts, because it is the one that was chosen before.
  const newest = sorted.find(({ spec }) => sameTemplate(spec.template, deployment.spec.template))
  return { newest, old: sorted.filter((replicaSet) => replicaSet !== newest) }
}

export function allOf({ newest, old }: Generations): readonly ReplicaSet[] {
  return newest ? [...old, newest] : old
}

export function replicasOf(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1
}

export function sum(replicaSets: readonly ReplicaSet[], count: (one: ReplicaSet) => number): number {
  return replicaSets.reduce((total, one) => total + count(one), 0)
}

/** Has pods, or is meant to. */
export function isActiveSet(replicaSet: ReplicaSet): boolean {
  return replicasOf(replicaSet) > 0
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp]
  if (first !== second) return first < second ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

/** The same pods would come of them: the hash label is not part of the question. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return deepEqual(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _, ...labels } = template.metadata.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** The ReplicaSet for a Deployment's present template. Its name is a function of the template: created twice, it is one. */
export function newReplicaSet(deployment: Deployment, replicas: number, revision: bigint): Draft<ReplicaSet> {
  const { template, selector, minReadySeconds } = deployment.spec
  const hash = hashJson(template, deployment.status.collisionCount)
  const labels = { ...template.metadata.labels, [hashLabel]: hash }
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...syncedAnnotations(deployment, undefined, revision),
        ...replicaAnnotations(deployment),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
