import {
  always,
  bool,
  enumeration,
  field,
  type Infer,
  int64,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"

export const Capabilities = message("io.k8s.api.core.v1.Capabilities", {
  add: field(1, list(string)),
  drop: field(2, list(string)),
})
export interface Capabilities extends Infer<typeof Capabilities> {}

export const SELinuxOptions = message("io.k8s.api.core.v1.SELinuxOptions", {
  user: field(1, string),
  role: field(2, string),
  type: field(3, string),
  level: field(4, string),
})
export interface SELinuxOptions extends Infer<typeof SELinuxOptions> {}

export const WindowsSecurityContextOptions = message("io.k8s.api.core.v1.WindowsSecurityContextOptions", {
  gmsaCredentialSpecName: optional(1, string),
  gmsaCredentialSpec: optional(2, string),
  runAsUserName: optional(3, string),
  hostProcess: optional(4, bool),
})
export interface WindowsSecurityContextOptions extends Infer<typeof WindowsSecurityContextOptions> {}

export const ProcMountType = enumeration("Default", "Unmasked")
export type ProcMountType = Infer<typeof ProcMountType>

export const SeccompProfileType = enumeration("Localhost", "RuntimeDefault", "Unconfined")
export type SeccompProfileType = Infer<typeof SeccompProfileType>

export const SeccompProfile = message("io.k8s.api.core.v1.SeccompProfile", {
  type: always(1, SeccompProfileType, { required: true }),
  localhostProfile: optional(2, string),
})
export interface SeccompProfile extends Infer<typeof SeccompProfile> {}

export const AppArmorProfileType = enumeration("Localhost", "RuntimeDefault", "Unconfined")
export type AppArmorProfileType = Infer<typeof AppArmorProfileType>

export const AppArmorProfile = message("io.k8s.api.core.v1.AppArmorProfile", {
  type: always(1, AppArmorProfileType, { required: true }),
  localhostProfile: optional(2, string),
})
export interface AppArmorProfile extends Infer<typeof AppArmorProfile> {}

export const SecurityContext = message("io.k8s.api.core.v1.SecurityContext", {
  capabilities: optional(1, Capabilities),
  privileged: optional(2, bool),
  seLinuxOptions: optional(3, SELinuxOptions),
  windowsOptions: optional(10, WindowsSecurityContextOptions),
  runAsUser: optional(4, int64),
  runAsGroup: optional(8, int64),
  runAsNonRoot: optional(5, bool),
  readOnlyRootFilesystem: optional(6, bool),
  allowPrivilegeEscalation: optional(7, bool),
  procMount: optional(9, ProcMountType),
  seccompProfile: optional(11, SeccompProfile),
  appArmorProfile: optional(12, AppArmorProfile),
})
export interface SecurityContext extends Infer<typeof SecurityContext> {}

export const SupplementalGroupsPolicy = enumeration("Merge", "Strict")
export type SupplementalGroupsPolicy = Infer<typeof SupplementalGroupsPolicy>

export const Sysctl = message("io.k8s.api.core.v1.Sysctl", {
  name: always(1, string, { required: true }),
  value: always(2, string, { required: true }),
})
export interface Sysctl extends Infer<typeof Sysctl> {}

export const PodFSGroupChangePolicy = enumeration("Always", "OnRootMismatch")
export type PodFSGroupChangePolicy = Infer<typeof PodFSGroupChangePolicy>

export const PodSecurityContext = message("io.k8s.api.core.v1.PodSecurityContext", {
  seLinuxOptions: optional(1, SELinuxOptions),
  windowsOptions: optional(8, WindowsSecurityContextOptions),
  runAsUser: optional(2, int64),
  runAsGroup: optional(6, int64),
  runAsNonRoot: optional(3, bool),
  supplementalGroups: field(4, list(int64)),
  supplementalGroupsPolicy: optional(12, SupplementalGroupsPolicy),
  fsGroup: optional(5, int64),
  sysctls: field(7, list(Sysctl)),
  fsGroupChangePolicy: optional(9, PodFSGroupChangePolicy),
  seccompProfile: optional(10, SeccompProfile),
  appArmorProfile: optional(11, AppArmorProfile),
  seLinuxChangePolicy: optional(13, string),
})
export interface PodSecurityContext extends Infer<typeof PodSecurityContext> {}
