import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Affinity } from "../../core/v1/affinity.ts"
import type { Container } from "../../core/v1/container.ts"
import type { PodSpec, PodTemplateSpec } from "../../core/v1/pod.ts"
import { type Errors, immutable } from "../../validation/checks.ts"
import type { Job } from "../v1/job.ts"

/**
 * While a Job is suspended and none of its pods is left, a queue may still decide where they are to run and how much they
 * get.
 */
export function* validateJobTemplateUpdate(template: PodTemplateSpec, old: Job, path: FieldPath): Errors {
  const { suspend, template: before } = old.spec
  const { conditions = [], active = 0 } = old.status
  const isSuspended = conditions.some(({ type, status }) => type === "Suspended" && status === "True")
  if (!suspend || !isSuspended || active > 0) {
    yield* immutable(template, before, path.child("template"))
    return
  }
  const expected = withResources(withDirectives(before, template).spec, template.spec)
  yield* immutable(template.spec, expected, path.child("template.spec"))
}

function withDirectives(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec
  const spec = {
    ...old.spec,
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: withNodeAffinity(old.spec.affinity, affinity),
  }
  return { ...old, spec: spec }
}

function withNodeAffinity(old: Affinity | undefined, updated: Affinity | undefined): Affinity | undefined {
  if (!old && !updated) return undefined
  const merged = { ...old, nodeAffinity: updated?.nodeAffinity } as Affinity
  const isEmpty = !merged.nodeAffinity && !merged.podAffinity && !merged.podAntiAffinity
  return !updated && isEmpty ? undefined : merged
}

function withResources(old: PodSpec, updated: PodSpec): PodSpec {
  return {
    ...old,
    containers: mergeResources(old.containers, updated.containers),
    initContainers: mergeResources(old.initContainers, updated.initContainers),
  }
}

function mergeResources<T extends readonly Container[] | undefined>(old: T, updated: T): T {
  if (old?.length !== updated?.length) return old
  return old?.map((container, index) => {
    const { name, resources } = updated![index]!
    return name === container.name ? { ...container, resources } : container
  }) as unknown as T
}
