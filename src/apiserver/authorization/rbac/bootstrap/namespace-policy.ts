import type { PolicyRule } from "../../../../api/rbac/v1/policy-rule.ts"
import { core, read, recordEvents, rule } from "./notation.ts"

interface NamespacedRole {
  readonly namespace: string
  readonly name: string
  readonly rules: readonly PolicyRule[]
  /** The binding has the role's name unless said otherwise. */
  readonly binding?: string
  readonly subjects: readonly string[]
}

const lock = (component: string): NamespacedRole => ({
  namespace: "kube-system",
  name: `system::leader-locking-${component}`,
  rules: [
    rule("create get list update watch", "coordination.k8s.io", "leases"),
    rule("create get list update watch", "coordination.k8s.io", "leasecandidates"),
  ],
  subjects: [`User:system:${component}`, `ServiceAccount:kube-system/${component}`],
})

const controllerManagerLock = lock("kube-controller-manager")

/** Roles within the namespaces of the system and who has them, as of v1.36. */
export const namespacePolicy: readonly NamespacedRole[] = [
  {
    namespace: "kube-public",
    name: "system:controller:bootstrap-signer",
    rules: [rule(read, core, "configmaps"), rule("update", core, "configmaps", "cluster-info"), recordEvents],
    subjects: ["ServiceAccount:kube-system/bootstrap-signer"],
  },
  {
    namespace: "kube-system",
    name: "extension-apiserver-authentication-reader",
    rules: [rule(read, core, "configmaps", "extension-apiserver-authentication")],
    binding: "system::extension-apiserver-authentication-reader",
    subjects: ["User:system:kube-controller-manager", "User:system:kube-scheduler"],
  },
  {
    ...controllerManagerLock,
    subjects: [...controllerManagerLock.subjects, "ServiceAccount:kube-system/leader-election-controller"],
  },
  lock("kube-scheduler"),
  {
    namespace: "kube-system",
    name: "system:controller:bootstrap-signer",
    rules: [rule(read, core, "secrets")],
    subjects: ["ServiceAccount:kube-system/bootstrap-signer"],
  },
  {
    namespace: "kube-system",
    name: "system:controller:cloud-provider",
    rules: [rule("create get list watch", core, "configmaps")],
    subjects: ["ServiceAccount:kube-system/cloud-provider"],
  },
  {
    namespace: "kube-system",
    name: "system:controller:token-cleaner",
    rules: [rule("delete get list watch", core, "secrets"), recordEvents],
    subjects: ["ServiceAccount:kube-system/token-cleaner"],
  },
]
