import type {
  Job,
  PodFailurePolicyAction,
  PodFailurePolicyOnExitCodesRequirement,
} from "../../api/batch/v1/job.ts"
import type { ContainerStatus } from "../../api/core/v1/container-status.ts"
import type { Pod } from "../../api/core/v1/pod.ts"

export interface FailureVerdict {
  /** The rule's that matched; undefined when none did, which counts. */
  readonly action: PodFailurePolicyAction | undefined
  /** Against the backoff limit. */
  readonly counts: boolean
  /** Why the whole Job fails, where it does. */
  readonly jobMessage?: string
}

/** What a pod's failure means, by the first rule that matches (https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy). */
export function judgeFailure({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [index, { action, onExitCodes, onPodConditions }] of (
    spec.podFailurePolicy?.rules ?? []
  ).entries()) {
    const { namespace, name } = pod.metadata
    const container = onExitCodes && findContainer(pod, onExitCodes)
    if (container) {
      const exitCode = container.state?.terminated?.exitCode
      return verdict(
        action,
        `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${exitCode} matching ${action} rule at index ${index}`,
      )
    }
    const condition = pod.status.conditions?.find((one) =>
      onPodConditions?.some(({ type, status }) => type === one.type && (status || "True") === one.status),
    )
    if (condition)
      return verdict(
        action,
        `Pod ${namespace}/${name} has condition ${condition.type} matching ${action} rule at index ${index}`,
      )
  }
  return { action: undefined, counts: true }
}

function verdict(action: PodFailurePolicyAction, message: string): FailureVerdict {
  const counts = action !== "Ignore"
  return { action, counts, ...(action === "FailJob" && { jobMessage: message }) }
}

function findContainer(
  { status }: Pod,
  requirement: PodFailurePolicyOnExitCodesRequirement,
): ContainerStatus | undefined {
  const { containerName, operator, values } = requirement
  const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]
  return all.find(({ name, state }) => {
    const exitCode = state?.terminated?.exitCode
    if (exitCode === undefined || exitCode === 0) return false
    if (containerName !== undefined && containerName !== name) return false
    return values.includes(exitCode) === (operator === "In")
  })
}
