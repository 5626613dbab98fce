import type { Container } from "../../api/core/v1/container.ts"
import type { PodSpec } from "../../api/core/v1/pod.ts"
import type { PodContainer } from "./pod-containers.ts"

/**
 * Whether a container that ended with `exitCode` is started again. The first of its own rules that fits decides, then its
 * own policy, then the pod's. (https://kep.k8s.io/5307)
 */
export function shouldRestart(
  { role, spec }: PodContainer,
  podPolicy: PodSpec["restartPolicy"],
  exitCode: number,
): boolean {
  if (role === "ephemeral") return false
  if (role === "sidecar" && !spec.restartPolicyRules?.length) return true
  // Whether it alone or everything begins anew, it does.
  if (findRule(spec, exitCode)) return true
  const policy = spec.restartPolicy ?? podPolicy
  // An init container that did its work has no reason to do it again.
  if (role === "init" && exitCode === 0) return false
  if (policy === "Always") return true
  return policy === "OnFailure" && exitCode !== 0
}

/** Whether the end of this container means that all containers of the pod begin anew. */
export function restartsAll(spec: Container, exitCode: number): boolean {
  return findRule(spec, exitCode)?.action === "RestartAllContainers"
}

/** The first that fits. */
function findRule({ restartPolicyRules = [] }: Container, exitCode: number): RestartRule | undefined {
  return restartPolicyRules.find((rule) => matchesExitCode(rule, exitCode))
}

type RestartRule = NonNullable<Container["restartPolicyRules"]>[number]

function matchesExitCode({ exitCodes }: RestartRule, exitCode: number): boolean {
  if (!exitCodes) return false
  const listed = (exitCodes.values ?? []).includes(exitCode)
  return exitCodes.operator === "NotIn" ? !listed : listed
}
