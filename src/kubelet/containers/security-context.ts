import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type {
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceOptions,
  SecurityProfile,
  UserNamespace,
} from "../../container-runtime/cri.ts"

export interface ImageUser {
  /** Where the image's user is a number. */
  readonly uid?: number
  /** Where it is a name. */
  readonly username: string
}

export interface SecurityContextOptions {
  readonly image: ImageUser
  /** For `targetContainerName` of ephemeral containers: the id of the container whose processes are seen. */
  readonly targetContainerId?: string
  /** Where the kubelet keeps "Localhost" seccomp profiles. */
  readonly seccompDirectory: string
  /** Who asks for no profile has the runtime's. @default false: none */
  readonly seccompDefault?: boolean
  /** Groups that own volumes (fsGroup is added by itself). */
  readonly extraGroups?: readonly number[]
  /** The pod's own users. @default the machine's */
  readonly users?: UserNamespace | undefined
}

export function namespaceOptions(
  pod: Pod,
  { targetContainerId, users }: Pick<SecurityContextOptions, "targetContainerId" | "users"> = {},
): NamespaceOptions {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec
  const pid = targetContainerId ? "TARGET" : hostPID ? "NODE" : shareProcessNamespace ? "POD" : "CONTAINER"
  return {
    network: hostNetwork ? "NODE" : "POD",
    pid,
    ipc: hostIPC ? "NODE" : "POD",
    ...(targetContainerId && { targetId: targetContainerId }),
    ...(users && { userNamespace: users }),
  }
}

export function sandboxSecurityContext(
  pod: Pod,
  { seccompDirectory, users }: Pick<SecurityContextOptions, "seccompDirectory" | "users">,
): LinuxSandboxSecurityContext {
  const { securityContext: context = {} } = pod.spec
  const privileged = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some(
    (container) => container.securityContext?.privileged,
  )
  return {
    namespaceOptions: namespaceOptions(pod, { users }),
    privileged,
    ...(context.runAsUser !== undefined && { runAsUser: context.runAsUser }),
    ...(context.runAsGroup !== undefined && { runAsGroup: context.runAsGroup }),
    ...groups(pod, []),
    ...(context.supplementalGroupsPolicy && { supplementalGroupsPolicy: context.supplementalGroupsPolicy }),
    // The pause program needs none, but the sandbox's profile is what the runtime shows of the pod.
    seccomp: seccompProfile(context.seccompProfile, seccompDirectory),
    ...apparmor(context.appArmorProfile),
  }
}

/** Throws, in upstream's words, when `runAsNonRoot` is asked for and the container would run as root, or as nobody knows. */
export function containerSecurityContext(
  pod: Pod,
  container: Container,
  options: SecurityContextOptions,
): LinuxContainerSecurityContext {
  const podContext = pod.spec.securityContext ?? {}
  const context = { ...podContext, ...container.securityContext }
  verifyRunAsNonRoot(pod, container, options.image)
  const privileged = context.privileged ?? false
  const { capabilities } = container.securityContext ?? {}
  const unmasked = container.securityContext?.procMount === "Unmasked"
  return {
    privileged,
    namespaceOptions: namespaceOptions(pod, options),
    capabilities: { add: [...(capabilities?.add ?? [])], drop: [...(capabilities?.drop ?? [])] },
    ...(context.runAsUser !== undefined
      ? { runAsUser: context.runAsUser }
      : options.image.uid !== undefined
        ? { runAsUser: options.image.uid }
        : options.image.username !== ""
          ? { runAsUsername: options.image.username }
          : { runAsUser: 0 }),
    ...(context.runAsGroup !== undefined && { runAsGroup: context.runAsGroup }),
    readonlyRootfs: container.securityContext?.readOnlyRootFilesystem ?? false,
    ...groups(pod, options.extraGroups ?? []),
    ...(podContext.supplementalGroupsPolicy && {
      supplementalGroupsPolicy: podContext.supplementalGroupsPolicy,
    }),
    noNewPrivileges: container.securityContext?.allowPrivilegeEscalation === false,
    ...(!privileged && !unmasked && { maskedPaths: [...maskedPaths], readonlyPaths: [...readonlyPaths] }),
    seccomp: privileged
      ? { profileType: "Unconfined", localhostRef: "" }
      : seccompProfile(
          context.seccompProfile ?? (options.seccompDefault ? { type: "RuntimeDefault" } : undefined),
          options.seccompDirectory,
        ),
    ...apparmor(context.appArmorProfile),
    ...(context.seLinuxOptions && {
      seLinuxOptions: { user: "", role: "", type: "", level: "", ...context.seLinuxOptions },
    }),
  }
}

// What a container must not see or change of /proc and /sys (https://github.com/moby/moby/blob/master/oci/defaults.go).
const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
]
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

function groups(pod: Pod, extra: readonly number[]): { supplementalGroups?: number[] } {
  const { fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {}
  const all = [...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups, ...extra]
  return all.length === 0 ? {} : { supplementalGroups: all }
}

type Profile = { readonly type: string; readonly localhostProfile?: string | undefined }

function seccompProfile(profile: Profile | undefined, directory: string): SecurityProfile {
  if (!profile || profile.type === "Unconfined") return { profileType: "Unconfined", localhostRef: "" }
  if (profile.type === "RuntimeDefault") return { profileType: "RuntimeDefault", localhostRef: "" }
  return { profileType: "Localhost", localhostRef: `${directory}/${profile.localhostProfile ?? ""}` }
}

/** Not asked for, it is the runtime's choice: not every kernel has AppArmor. */
function apparmor(profile: Profile | undefined): { apparmor?: SecurityProfile } {
  if (!profile) return {}
  if (profile.type === "RuntimeDefault")
    return { apparmor: { profileType: "RuntimeDefault", localhostRef: "" } }
  if (profile.type === "Unconfined") return { apparmor: { profileType: "Unconfined", localhostRef: "" } }
  return { apparmor: { profileType: "Localhost", localhostRef: profile.localhostProfile ?? "" } }
}

function verifyRunAsNonRoot(pod: Pod, container: Container, { uid, username }: ImageUser): void {
  const context = { ...pod.spec.securityContext, ...container.securityContext }
  if (!context.runAsNonRoot) return
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  if (context.runAsUser !== undefined) {
    if (context.runAsUser === 0) throw new Error(`container's runAsUser breaks non-root policy ${where}`)
    return
  }
  if (uid === 0 || (uid === undefined && username === ""))
    throw new Error(`container has runAsNonRoot and image will run as root ${where}`)
  if (uid === undefined)
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    )
}
