import { getMember } from "../../../apimachinery/schema-plan.ts"
import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
  tooLong,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { userIdProblems } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, oneOfIfSet, problems } from "../../validation/checks.ts"
import type { ContainerStatus, LinuxContainerUser, ResourceStatus } from "../v1/container-status.ts"
import type { Container } from "../v1/container.ts"
import type { Pod, PodSpec } from "../v1/pod.ts"

const lists = {
  containerStatuses: "containers",
  initContainerStatuses: "initContainers",
  ephemeralContainerStatuses: "ephemeralContainers",
} as const
type StatusList = keyof typeof lists
const listNames = Object.keys(lists) as StatusList[]

/** @param part what has become of the containers, or what is said about each of them */
export function* validateContainerStatuses(
  pod: Pod,
  old: Pod,
  path: FieldPath,
  part: "states" | "details",
): Errors {
  for (const list of listNames) {
    const statuses = pod.status[list] ?? []
    const at = path.child(list)
    if (part === "states") yield* transitions(statuses, old.status[list] ?? [], restarts(old.spec, list), at)
    else yield* users(statuses, pod.spec, at)
  }
  if (part === "states") return
  for (const list of listNames) {
    for (const [index, status] of (pod.status[list] ?? []).entries()) {
      const at = path.child(list).index(index).child("allocatedResourcesStatus")
      const resources = status.allocatedResourcesStatus ?? []
      if (list !== "ephemeralContainerStatuses") {
        const container = pod.spec[lists[list]]?.find(({ name }) => name === status.name)
        yield* allocated(resources, container, at)
      } else if (resources.length > 0) yield forbiddenValue(at, "must not be specified in container status")
    }
  }
}

type Restarts = (name: string, exitCode: number) => boolean

/** Whether a container that has ended may run again. */
function restarts(spec: PodSpec, list: StatusList): Restarts {
  if (list === "ephemeralContainerStatuses") return () => false
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const restartAll = all.some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === "RestartAllContainers"),
  )
  if (restartAll) return () => true
  return (name, exitCode) => {
    const container = spec[lists[list]]?.find((each) => each.name === name)
    return container !== undefined && mayRestart(container, spec, exitCode)
  }
}

function mayRestart(container: Container, spec: PodSpec, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container
  const matches = restartPolicyRules.some(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false
    return exitCodes && isListed === (exitCodes.operator === "In")
  })
  if (restartPolicy !== undefined && matches) return true
  const policy = restartPolicy ?? spec.restartPolicy
  return policy === "OnFailure" ? exitCode !== 0 : policy !== "Never"
}

function* transitions(
  statuses: readonly ContainerStatus[],
  old: readonly ContainerStatus[],
  restarted: Restarts,
  path: FieldPath,
): Errors {
  for (const [index, { name, state }] of old.entries()) {
    if (!state.terminated || restarted(name, state.terminated.exitCode)) continue
    if (!statuses.some((status) => status.name === name && !status.state.terminated)) continue
    yield forbiddenValue(path.index(index).child("state"), "may not be transitioned to non-terminated state")
  }
}

function* users(statuses: readonly ContainerStatus[], { os }: PodSpec, path: FieldPath): Errors {
  for (const [index, { user }] of statuses.entries()) {
    if (!user?.linux) continue
    const at = path.index(index).child("user", "linux")
    const name = os?.name ?? "linux"
    if (name === "windows") yield forbiddenValue(at, "cannot be set for a windows pod")
    else if (name === "linux") yield* linuxUser(user.linux, at)
  }
}

function* linuxUser({ uid, gid, supplementalGroups = [] }: LinuxContainerUser, path: FieldPath): Errors {
  yield* problems(uid, path.child("uid"), userIdProblems(uid))
  yield* problems(gid, path.child("gid"), userIdProblems(gid))
  for (const [index, group] of supplementalGroups.entries()) {
    yield* problems(group, path.child("supplementalGroups").index(index), userIdProblems(group))
  }
}

const maxMessageBytes = 1024
const healths = ["Healthy", "Unhealthy", "Unknown"]

/** How the devices of a container do. */
function* allocated(
  statuses: readonly ResourceStatus[],
  container: Container | undefined,
  path: FieldPath,
): Errors {
  for (const [index, { name, resources = [] }] of statuses.entries()) {
    const at = path.index(index)
    if (container) yield* belongsTo(container, name, at.child("name"))
    const seen = new Set<string>()
    for (const [position, { resourceID, health = "", message }] of resources.entries()) {
      const entry = at.child("resources").index(position)
      yield* oneOfIfSet(health, entry.child("health"), healths)
      if (message === "") yield requiredValue(entry.child("message"), "must be non-empty if specified")
      if (utf8Length(message ?? "") > maxMessageBytes) yield tooLong(entry.child("message"), maxMessageBytes)
      if (seen.has(resourceID)) yield duplicateValue(entry.child("resourceID"), resourceID)
      seen.add(resourceID)
    }
  }
}

function* belongsTo({ resources }: Container, name: string, path: FieldPath): Errors {
  if (!name.startsWith("claim:")) {
    if (getMember(resources.requests, name) !== undefined) return
    yield invalidValue(path, name, "must match one of the container's resource requests")
    return
  }
  const claims = (resources.claims ?? []).map((claim) =>
    claim.request ? `claim:${claim.name}/${claim.request}` : `claim:${claim.name}`,
  )
  if (claims.includes(name)) return
  const detail =
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty"
  yield invalidValue(path, name, detail)
}
