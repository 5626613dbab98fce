import type { Job } from "../../api/batch/v1/job.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod, PodTemplateSpec } from "../../api/core/v1/pod.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { findPodCondition } from "../shared/pods.ts"
import { podFromTemplate } from "../shared/pod-control.ts"

/** Keeps a finished pod until it is counted. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking"
const indexAnnotation = "batch.kubernetes.io/job-completion-index"
const failureCountAnnotation = "batch.kubernetes.io/job-index-failure-count"
const ignoredCountAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count"

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true
}

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === "Indexed"
}

/** Undefined for a pod without an index, or with one that is out of range. */
export function indexOf(pod: Pod, { spec }: Job): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation] ?? ""
  const index = /^[0-9]+$/.test(text) ? Number(text) : undefined
  return index !== undefined && index < (spec.completions ?? 0) ? index : undefined
}

/** Terminating pods are replaced only when they have ended. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec.podReplacementPolicy === "Failed" || spec.podFailurePolicy !== undefined
}

/** Failed, or being deleted where that counts as having failed: it may never get to say so itself. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status.phase === "Failed") return true
  if (replacesOnlyFailed(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && pod.status.phase !== "Succeeded"
}

/** How often the index had failed before this pod. */
export function failureCounts({ metadata }: Pod): { counted: number; ignored: number } {
  const read = (key: string) => {
    const text = metadata.annotations?.[key] ?? ""
    return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0
  }
  return { counted: read(failureCountAnnotation), ignored: read(ignoredCountAnnotation) }
}

/** When it finished, by the best witness: its containers, its Ready condition, its deletion, its creation. */
export function finishedMs(pod: Pod): number {
  const ends = (pod.status.containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt)
  if (ends.length > 0 && ends.every(Boolean)) return Math.max(...ends.map((end) => Date.parse(end!)))
  const ready = findPodCondition(pod, "Ready")
  if (ready?.status === "False" && ready.lastTransitionTime) return Date.parse(ready.lastTransitionTime)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000
  return Date.parse(creationTimestamp)
}

/** What a new pod needs to know beside its template. */
export interface PodSlot {
  readonly index?: number
  readonly failures?: { readonly counted: number; readonly ignored: number }
}

export function newJobPod(job: Job, { index, failures }: PodSlot): Draft<Pod> {
  const template = index === undefined ? job.spec.template : withIndexVariable(job.spec.template)
  const pod = podFromTemplate(template, job)
  const { name } = job.metadata
  const finalizers = Array.from(new Set([...(template.metadata.finalizers ?? []), trackingFinalizer]))
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } }
  const text = String(index)
  const annotations = {
    ...template.metadata.annotations,
    [indexAnnotation]: text,
    ...(failures && { [failureCountAnnotation]: String(failures.counted) }),
    ...(failures && failures.ignored > 0 && { [ignoredCountAnnotation]: String(failures.ignored) }),
  }
  const labels = { ...template.metadata.labels, [indexAnnotation]: text }
  const generateName = `${name.slice(0, 57 - text.length)}-${text}-`
  return {
    metadata: { ...pod.metadata, generateName, finalizers, annotations, labels },
    spec: { ...pod.spec, hostname: `${name}-${index}` },
  }
}

const indexVariable = {
  name: "JOB_COMPLETION_INDEX",
  valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: `metadata.labels['${indexAnnotation}']` } },
}

function withIndexVariable(template: PodTemplateSpec): PodTemplateSpec {
  const add = (container: Container): Container => {
    const { env = [] } = container
    if (env.some(({ name }) => name === indexVariable.name)) return container
    return { ...container, env: [...env, indexVariable] }
  }
  const { containers, initContainers } = template.spec
  const init = initContainers && { initContainers: initContainers.map(add) }
  return { ...template, spec: { ...template.spec, containers: containers.map(add), ...init } }
}
