import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  tooLong,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { userIdProblems } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, oneOfIfSet, problems } from "../../validation/checks.ts"
import { descendingPath } from "../../validation/paths.ts"
import type { PodSpec } from "../v1/pod.ts"
import type {
  AppArmorProfile,
  PodSecurityContext,
  SeccompProfile,
  SecurityContext,
} from "../v1/security-context.ts"
import type { ContainerAt } from "./containers-of.ts"
import { validateSysctls } from "./sysctls.ts"
import { validateWindowsOptions } from "./windows-options.ts"

const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"]

/** Of a container. */
export function* validateSecurityContext(
  context: SecurityContext | undefined,
  hostUsers: boolean,
  path: FieldPath,
): Errors {
  if (!context) return
  const { runAsUser, runAsGroup, procMount, seccompProfile, windowsOptions, appArmorProfile } = context
  yield* numericId(runAsUser, path.child("runAsUser"))
  yield* numericId(runAsGroup, path.child("runAsGroup"))
  yield* oneOfIfSet(procMount, path.child("procMount"), ["Default", "Unmasked"])
  if (hostUsers && procMount === "Unmasked") {
    yield invalidValue(path.child("procMount"), procMount, "`hostUsers` must be false to use `Unmasked`")
  }
  yield* validateSeccompProfile(seccompProfile, path.child("seccompProfile"))
  yield* privilegeEscalation(context, path)
  yield* validateWindowsOptions(windowsOptions, path.child("windowsOptions"))
  yield* validateAppArmorProfile(appArmorProfile, path.child("appArmorProfile"))
}

function* privilegeEscalation(context: SecurityContext, path: FieldPath): Errors {
  const { allowPrivilegeEscalation, privileged, capabilities } = context
  if (allowPrivilegeEscalation !== false) return
  const shown = { ...context }
  if (privileged) {
    yield invalidValue(path, shown, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
  }
  if (capabilities?.add?.includes("CAP_SYS_ADMIN")) {
    const detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
    yield invalidValue(path, shown, detail)
  }
}

/** Of a pod; its fields for the host's namespaces stand in the spec itself. */
export function* validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  spec: PodSpec,
  path: FieldPath,
): Errors {
  if (!context) return
  yield* numericId(context.fsGroup, path.child("fsGroup"))
  yield* numericId(context.runAsUser, path.child("runAsUser"))
  yield* numericId(context.runAsGroup, path.child("runAsGroup"))
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    yield* numericId(group, path.child("supplementalGroups").index(index))
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled"
    yield invalidValue(path.child("shareProcessNamespace"), true, detail)
  }
  yield* validateSysctls(context.sysctls ?? [], spec, path.child("sysctls"))
  const changePolicy = path.child("fsGroupChangePolicy")
  yield* oneOfIfSet(context.fsGroupChangePolicy, changePolicy, ["Always", "OnRootMismatch"])
  yield* validateSeccompProfile(context.seccompProfile, path.child("seccompProfile"))
  yield* validateWindowsOptions(context.windowsOptions, path.child("windowsOptions"))
  yield* validateAppArmorProfile(context.appArmorProfile, path.child("appArmorProfile"))
  const groupsPolicy = path.child("supplementalGroupsPolicy")
  yield* oneOfIfSet(context.supplementalGroupsPolicy, groupsPolicy, ["Merge", "Strict"])
  yield* oneOfIfSet(context.seLinuxChangePolicy, path.child("seLinuxChangePolicy"), ["Recursive"])
}

function* numericId(id: number | undefined, path: FieldPath): Errors {
  if (id !== undefined) yield* problems(id, path, userIdProblems(id))
}

function* validateSeccompProfile(profile: SeccompProfile | undefined, path: FieldPath): Errors {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = path.child("localhostProfile")
  if (!type) yield requiredValue(path.child("type"), "type is required when seccompProfile is set")
  else if (!profileTypes.includes(type)) yield unsupportedValue(path.child("type"), type, profileTypes)
  if (type !== "Localhost") {
    if (localhostProfile === undefined) return
    yield invalidValue(at, profile, "can only be set when seccomp type is Localhost")
  } else if (localhostProfile === undefined) {
    yield requiredValue(at, "must be set when seccomp type is Localhost")
  } else yield* descendingPath(localhostProfile, at)
}

const maxAppArmorProfileBytes = 4095

function* validateAppArmorProfile(profile: AppArmorProfile | undefined, path: FieldPath): Errors {
  if (!profile) return
  const { type, localhostProfile } = profile
  const at = path.child("localhostProfile")
  if (!type) {
    yield requiredValue(path.child("type"), "type is required when appArmorProfile is set")
  } else if (!profileTypes.includes(type)) yield unsupportedValue(path.child("type"), type, profileTypes)
  else if (type === "Localhost") yield* localAppArmorProfile(localhostProfile, at)
  else if (localhostProfile !== undefined) {
    yield invalidValue(at, localhostProfile, "can only be set when AppArmor type is Localhost")
  }
}

function* localAppArmorProfile(profile: string | undefined, path: FieldPath): Errors {
  if (profile === undefined || profile === "") {
    yield requiredValue(path, "must be set when AppArmor type is Localhost")
    return
  }
  if (profile.trim() !== profile) yield invalidValue(path, profile, "must not be padded with whitespace")
  if (utf8Length(profile) > maxAppArmorProfileBytes) yield tooLong(path, maxAppArmorProfileBytes)
}

/** What Linux has and Windows has not, by the path from the pod's spec. */
export function* validateOs(spec: PodSpec, containers: readonly ContainerAt[], path: FieldPath): Errors {
  const name = spec.os?.name
  if (spec.os === undefined) return
  if (!name) yield requiredValue(path.child("os", "name"))
  else if (name === "linux") yield* validateLinux(spec, containers, path)
  else if (name === "windows") yield* validateWindows(spec, containers, path)
  else yield unsupportedValue(path.child("os"), name, ["linux", "windows"])
}

function* validateLinux(spec: PodSpec, containers: readonly ContainerAt[], path: FieldPath): Errors {
  const detail = "windows options cannot be set for a linux pod"
  if (spec.securityContext?.windowsOptions) {
    yield forbiddenValue(path.child("securityContext", "windowsOptions"), detail)
  }
  for (const { container, path: at } of containers) {
    if (!container.securityContext?.windowsOptions) continue
    yield forbiddenValue(at.child("securityContext", "windowsOptions"), detail)
  }
}

const linuxSpecFields = ["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"] as const
const linuxPodFields = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const
const linuxContainerFields = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const

function* validateWindows(spec: PodSpec, containers: readonly ContainerAt[], path: FieldPath): Errors {
  const detail = "cannot be set for a windows pod"
  for (const name of linuxPodFields) {
    if (spec.securityContext?.[name] === undefined) continue
    yield forbiddenValue(path.child("securityContext", name), detail)
  }
  for (const name of linuxSpecFields) {
    const value = spec[name]
    // The host's namespaces are plain switches: off is as good as absent.
    if (value === undefined || (!value && (name === "hostPID" || name === "hostIPC"))) continue
    yield forbiddenValue(path.child(name), detail)
  }
  for (const { container, path: at } of containers) {
    for (const name of linuxContainerFields) {
      if (container.securityContext?.[name] === undefined) continue
      yield forbiddenValue(at.child("securityContext", name), detail)
    }
  }
}
