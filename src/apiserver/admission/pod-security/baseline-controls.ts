import { quote as goQuote } from "../../../base/quote.ts"
import type { Container } from "../../../api/core/v1/container.ts"
import type { Probe } from "../../../api/core/v1/probe.ts"
import {
  type Control,
  containersOf,
  distinct,
  hasOwnUsers,
  named,
  offenders,
  plural,
  type PodLike,
  quote,
  type SecurityContext,
  setters,
  type Violation,
} from "./control.ts"

/** What keeps a pod from taking over its node (https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline). */
export const baselineControls: readonly Control[] = [
  { id: "appArmorProfile", since: 0, check: checkAppArmor },
  { id: "capabilities_baseline", since: 0, check: checkCapabilities },
  { id: "hostNamespaces", since: 0, check: checkHostNamespaces },
  { id: "hostPathVolumes", since: 0, check: checkHostPaths },
  { id: "hostPorts", since: 0, check: checkHostPorts },
  { id: "hostProbesAndHostLifecycle", since: 34, check: checkProbedHosts },
  { id: "privileged", since: 0, check: checkPrivileged },
  { id: "procMount", since: 0, check: checkProcMount },
  { id: "procMount", since: 35, check: (pod) => (hasOwnUsers(pod) ? undefined : checkProcMount(pod)) },
  { id: "seLinuxOptions", since: 0, check: (pod) => checkSeLinux(pod, seLinuxTypes) },
  {
    id: "seLinuxOptions",
    since: 31,
    check: (pod) => checkSeLinux(pod, [...seLinuxTypes, "container_engine_t"]),
  },
  { id: "seccompProfile_baseline", since: 0, check: checkSeccompAnnotations },
  { id: "seccompProfile_baseline", since: 19, check: checkSeccomp },
  { id: "sysctls", since: 0, check: (pod) => checkSysctls(pod, 0) },
  { id: "sysctls", since: 27, check: (pod) => checkSysctls(pod, 27) },
  { id: "sysctls", since: 29, check: (pod) => checkSysctls(pod, 29) },
  { id: "sysctls", since: 32, check: (pod) => checkSysctls(pod, 32) },
  { id: "windowsHostProcess", since: 0, check: checkHostProcess },
]

const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"

function checkAppArmor(pod: PodLike): Violation | undefined {
  const { isBad, types } = typeCollector((context) => context.appArmorProfile?.type)
  const podIsBad = isBad(pod.spec.securityContext)
  const containers = offenders(pod, ({ securityContext }) => isBad(securityContext))
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isAllowedAppArmor(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
  const who = setters(
    podIsBad,
    containers,
    annotations.length > 0 ? [plural(annotations.length, "annotation")] : [],
  )
  if (!who) return undefined
  const values = [...distinct(types), ...annotations.toSorted()]
  return {
    reason: `forbidden AppArmor ${plural(values.length, "profile")}`,
    detail: `${who} must not set AppArmor profile type to ${quote(values)}`,
  }
}

function isAllowedAppArmor(profile: string): boolean {
  return profile === "" || profile === "runtime/default" || profile.startsWith("localhost/")
}

type AnyContext = Partial<SecurityContext> & Partial<NonNullable<PodLike["spec"]["securityContext"]>>

/** Finds profiles that are neither the runtime's own nor the node's, and remembers their types. */
function typeCollector(typeOf: (context: AnyContext) => string | undefined) {
  const types = new Set<string>()
  const isBad = (context: AnyContext | undefined): boolean => {
    const type = context && typeOf(context)
    if (type === undefined || type === "RuntimeDefault" || type === "Localhost") return false
    types.add(type)
    return true
  }
  return { isBad, types }
}

const commonCapabilities = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(
    " ",
  ),
)

function checkCapabilities(pod: PodLike): Violation | undefined {
  const added = ({ securityContext }: Container) =>
    (securityContext?.capabilities?.add ?? []).filter((each) => !commonCapabilities.has(each))
  const containers = offenders(pod, (container) => added(container).length > 0)
  if (containers.length === 0) return undefined
  const capabilities = distinct(containersOf(pod).flatMap(added))
  return {
    reason: "non-default capabilities",
    detail: `${named("container", containers)} must not include ${quote(capabilities)} in securityContext.capabilities.add`,
  }
}

function checkHostNamespaces({ spec }: PodLike): Violation | undefined {
  const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((name) => spec[name])
  if (shared.length === 0) return undefined
  return { reason: "host namespaces", detail: shared.map((name) => `${name}=true`).join(", ") }
}

function checkHostPaths({ spec }: PodLike): Violation | undefined {
  const volumes = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
  return volumes.length > 0 ? { reason: "hostPath volumes", detail: named("volume", volumes) } : undefined
}

function checkHostPorts(pod: PodLike): Violation | undefined {
  const hostPorts = ({ ports = [] }: Container) => ports.flatMap(({ hostPort }) => hostPort || [])
  const containers = offenders(pod, (container) => hostPorts(container).length > 0)
  if (containers.length === 0) return undefined
  const ports = distinct(containersOf(pod).flatMap(hostPorts).map(String))
  const uses = containers.length === 1 ? "uses" : "use"
  return {
    reason: "hostPort",
    detail: `${named("container", containers)} ${uses} ${plural(ports.length, "hostPort")} ${ports.join(", ")}`,
  }
}

/** A probe of another host would let a pod look around with the node's eyes. */
function checkProbedHosts(pod: PodLike): Violation | undefined {
  const containers = distinct(offenders(pod, (container) => probedHosts(container).length > 0))
  if (containers.length === 0) return undefined
  const hosts = distinct(containersOf(pod).flatMap(probedHosts))
  const uses = containers.length === 1 ? "uses" : "use"
  return {
    reason: "probe or lifecycle host",
    detail: `${named("container", containers)} ${uses} ${named("probe or lifecycle host", hosts)}`,
  }
}

function probedHosts(container: Container): string[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
  const actions: (Pick<Probe, "httpGet" | "tcpSocket"> | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ]
  return actions
    .flatMap((action) => [action?.httpGet?.host, action?.tcpSocket?.host])
    .filter((host) => !!host) as string[]
}

function checkPrivileged(pod: PodLike): Violation | undefined {
  const containers = offenders(pod, ({ securityContext }) => !!securityContext?.privileged)
  if (containers.length === 0) return undefined
  return {
    reason: "privileged",
    detail: `${named("container", containers)} must not set securityContext.privileged=true`,
  }
}

/** Also what "restricted" says since it is stricter here than "baseline". */
export function checkProcMount(pod: PodLike): Violation | undefined {
  const mountOf = ({ securityContext }: Container) => securityContext?.procMount ?? "Default"
  const containers = offenders(pod, (container) => mountOf(container) !== "Default")
  if (containers.length === 0) return undefined
  const mounts = distinct(containersOf(pod).map(mountOf)).filter((mount) => mount !== "Default")
  return {
    reason: "procMount",
    detail: `${named("container", containers)} must not set securityContext.procMount to ${quote(mounts)}`,
  }
}

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"]

function checkSeLinux(pod: PodLike, allowed: readonly string[]): Violation | undefined {
  const types = new Set<string>()
  const parts = new Set<"user" | "role">()
  const isBad = (context: AnyContext | undefined): boolean => {
    const { type = "", user, role } = context?.seLinuxOptions ?? {}
    if (!allowed.includes(type)) types.add(type)
    if (user) parts.add("user")
    if (role) parts.add("role")
    return !allowed.includes(type) || !!user || !!role
  }
  const podIsBad = isBad(pod.spec.securityContext)
  const who = setters(
    podIsBad,
    offenders(pod, ({ securityContext }) => isBad(securityContext)),
  )
  if (!who) return undefined
  const problems = [
    ...(types.size > 0 ? [named("type", distinct(types))] : []),
    ...(["user", "role"] as const).filter((part) => parts.has(part)).map((part) => `${part} may not be set`),
  ]
  return {
    reason: "seLinuxOptions",
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${problems.join("; ")}`,
  }
}

const seccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod"
const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/"

function checkSeccompAnnotations(pod: PodLike): Violation | undefined {
  const { annotations = {} } = pod.metadata ?? {}
  const keys = [seccompPodAnnotation, ...containersOf(pod).map(({ name }) => seccompPrefix + name)]
  const bad = distinct(keys).filter(
    (key) => annotations[key] !== undefined && !isAllowedSeccomp(annotations[key]),
  )
  if (bad.length === 0) return undefined
  const texts = bad.map((key) => `${key}=${goQuote(annotations[key] ?? "")}`)
  return {
    reason: "seccompProfile",
    detail: `forbidden ${plural(bad.length, "annotation")} ${texts.toSorted().join(", ")}`,
  }
}

function isAllowedSeccomp(profile: string): boolean {
  return profile === "runtime/default" || profile === "docker/default" || profile.startsWith("localhost/")
}

/** Also the first half of what "restricted" says. */
export function checkSeccomp(pod: PodLike): Violation | undefined {
  const { isBad, types } = typeCollector((context) => context.seccompProfile?.type)
  const podIsBad = isBad(pod.spec.securityContext)
  const who = setters(
    podIsBad,
    offenders(pod, ({ securityContext }) => isBad(securityContext)),
  )
  if (!who) return undefined
  return {
    reason: "seccompProfile",
    detail: `${who} must not set securityContext.seccompProfile.type to ${quote(distinct(types))}`,
  }
}

/** What a pod may set of its own kernel, by the version since when. */
const safeSysctls: Readonly<Record<string, number>> = {
  "kernel.shm_rmid_forced": 0,
  "net.ipv4.ip_local_port_range": 0,
  "net.ipv4.tcp_syncookies": 0,
  "net.ipv4.ping_group_range": 0,
  "net.ipv4.ip_unprivileged_port_start": 0,
  "net.ipv4.ip_local_reserved_ports": 27,
  "net.ipv4.tcp_keepalive_time": 29,
  "net.ipv4.tcp_fin_timeout": 29,
  "net.ipv4.tcp_keepalive_intvl": 29,
  "net.ipv4.tcp_keepalive_probes": 29,
  "net.ipv4.tcp_rmem": 32,
  "net.ipv4.tcp_wmem": 32,
}

function checkSysctls({ spec }: PodLike, version: number): Violation | undefined {
  const forbidden = (spec.securityContext?.sysctls ?? [])
    .map(({ name }) => name)
    .filter((name) => (safeSysctls[name] ?? Number.POSITIVE_INFINITY) > version)
  return forbidden.length > 0 ? { reason: "forbidden sysctls", detail: forbidden.join(", ") } : undefined
}

function checkHostProcess(pod: PodLike): Violation | undefined {
  const isBad = (context: AnyContext | undefined) => !!context?.windowsOptions?.hostProcess
  const who = setters(
    isBad(pod.spec.securityContext),
    offenders(pod, ({ securityContext }) => isBad(securityContext)),
  )
  if (!who) return undefined
  return {
    reason: "hostProcess",
    detail: `${who} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}
