import type { Container } from "../../../api/core/v1/container.ts"
import { checkProcMount, checkSeccomp } from "./baseline-controls.ts"
import {
  type Control,
  containersOf,
  distinct,
  hasOwnUsers,
  isWindows,
  named,
  offenders,
  type PodLike,
  plural,
  quote,
  setters,
  type Violation,
} from "./control.ts"

type Check = Control["check"]
const unless =
  (isSpared: (pod: PodLike) => boolean, check: Check): Check =>
  (pod) =>
    isSpared(pod) ? undefined : check(pod)

/** What good practice asks for beyond "baseline" (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted). */
export const restrictedControls: readonly Control[] = [
  { id: "allowPrivilegeEscalation", since: 8, check: checkEscalation },
  { id: "allowPrivilegeEscalation", since: 25, check: unless(isWindows, checkEscalation) },
  ...[22, 25].map((since) => ({
    id: "capabilities_restricted",
    since,
    replaces: "capabilities_baseline",
    check: since < 25 ? checkCapabilities : unless(isWindows, checkCapabilities),
  })),
  { id: "procMount_restricted", since: 35, replaces: "procMount", check: checkProcMount },
  { id: "restrictedVolumes", since: 0, replaces: "hostPathVolumes", check: checkVolumes },
  { id: "runAsNonRoot", since: 0, check: checkNonRoot },
  { id: "runAsNonRoot", since: 35, check: unless(hasOwnUsers, checkNonRoot) },
  { id: "runAsUser", since: 23, check: checkUser },
  { id: "runAsUser", since: 35, check: unless(hasOwnUsers, checkUser) },
  ...[19, 25].map((since) => ({
    id: "seccompProfile_restricted",
    since,
    replaces: "seccompProfile_baseline",
    check: since < 25 ? checkSeccompIsSet : unless(isWindows, checkSeccompIsSet),
  })),
]

function checkEscalation(pod: PodLike): Violation | undefined {
  const containers = offenders(
    pod,
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  )
  if (containers.length === 0) return undefined
  return {
    reason: "allowPrivilegeEscalation != false",
    detail: `${named("container", containers)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

function checkCapabilities(pod: PodLike): Violation | undefined {
  const capabilities = ({ securityContext }: Container) => securityContext?.capabilities
  const added = (container: Container) =>
    (capabilities(container)?.add ?? []).filter((each) => each !== "NET_BIND_SERVICE")
  const keeping = offenders(pod, (container) => !capabilities(container)?.drop?.includes("ALL"))
  const adding = offenders(pod, (container) => added(container).length > 0)
  const details = [
    ...(keeping.length > 0
      ? [`${named("container", keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(adding.length > 0
      ? [
          `${named("container", adding)} must not include ${quote(distinct(containersOf(pod).flatMap(added)))} in securityContext.capabilities.add`,
        ]
      : []),
  ]
  return details.length > 0 ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined
}

const allowedVolumes =
  "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret".split(" ")
const restrictedVolumes =
  "hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker fc azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO storageos".split(
    " ",
  )

function checkVolumes({ spec }: PodLike): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.some((type) => type in volume))
  if (bad.length === 0) return undefined
  const types = distinct(bad.map((volume) => restrictedVolumes.find((type) => type in volume) ?? "unknown"))
  const names = bad.map(({ name }) => name)
  const uses = names.length === 1 ? "uses" : "use"
  return {
    reason: "restricted volume types",
    detail: `${named("volume", names)} ${uses} restricted volume ${plural(types.length, "type")} ${quote(types)}`,
  }
}

function checkNonRoot(pod: PodLike): Violation | undefined {
  const reason = "runAsNonRoot != true"
  const wanted = pod.spec.securityContext?.runAsNonRoot
  const wantedBy = ({ securityContext }: Container) => securityContext?.runAsNonRoot
  const who = setters(
    wanted === false,
    offenders(pod, (container) => wantedBy(container) === false),
  )
  if (who) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
  const silent = offenders(pod, (container) => wantedBy(container) === undefined)
  if (wanted || silent.length === 0) return undefined
  return { reason, detail: `pod or ${named("container", silent)} must set securityContext.runAsNonRoot=true` }
}

function checkUser(pod: PodLike): Violation | undefined {
  const who = setters(
    pod.spec.securityContext?.runAsUser === 0,
    offenders(pod, ({ securityContext }) => securityContext?.runAsUser === 0),
  )
  return who ? { reason: "runAsUser=0", detail: `${who} must not set runAsUser=0` } : undefined
}

function checkSeccompIsSet(pod: PodLike): Violation | undefined {
  const violation = checkSeccomp(pod)
  if (violation || pod.spec.securityContext?.seccompProfile) return violation
  const silent = offenders(pod, ({ securityContext }) => !securityContext?.seccompProfile)
  if (silent.length === 0) return undefined
  return {
    reason: "seccompProfile",
    detail: `pod or ${named("container", silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}
