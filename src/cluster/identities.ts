import { authenticatedGroup, type UserInfo } from "../apiserver/authentication/authenticator.ts"
import {
  serviceAccountGroups,
  serviceAccountUserName,
} from "../apiserver/authentication/service-account-user.ts"

// Who the components are when they speak to the API server of their own process: the same users as their certificates
// would make them, so the same roles and the same admission hold.

export function component(name: string): UserInfo {
  return { name, groups: [authenticatedGroup], extra: {} }
}

/** Who sets the cluster up: what an administrator does elsewhere. */
export const selfUser: UserInfo = { name: "system:apiserver", groups: ["system:masters"], extra: {} }

export const schedulerUser = component("system:kube-scheduler")
export const controllerManagerUser = component("system:kube-controller-manager")
export const proxyUser = component("system:kube-proxy")

/** The ServiceAccounts of controllers that are not called like their controller; upstream has kept the older names. */
const serviceAccounts: Readonly<Record<string, string>> = {
  "certificatesigningrequest-approving-controller": "certificate-controller",
  "certificatesigningrequest-cleaner-controller": "certificate-controller",
  "certificatesigningrequest-signing-controller": "certificate-controller",
  "bootstrap-signer-controller": "bootstrap-signer",
  "daemonset-controller": "daemon-set-controller",
  "endpoints-controller": "endpoint-controller",
  "endpointslice-mirroring-controller": "endpointslicemirroring-controller",
  "garbage-collector-controller": "generic-garbage-collector",
  "horizontal-pod-autoscaler-controller": "horizontal-pod-autoscaler",
  "node-ipam-controller": "node-controller",
  "node-lifecycle-controller": "node-controller",
  "legacy-serviceaccount-token-cleaner-controller": "legacy-service-account-token-cleaner",
  "persistentvolume-attach-detach-controller": "attachdetach-controller",
  "persistentvolume-binder-controller": "persistent-volume-binder",
  "persistentvolume-expander-controller": "expand-controller",
  "persistentvolume-protection-controller": "pv-protection-controller",
  "persistentvolumeclaim-protection-controller": "pvc-protection-controller",
  "pod-garbage-collector-controller": "pod-garbage-collector",
  "replicationcontroller-controller": "replication-controller",
  "resourceclaim-controller": "resource-claim-controller",
  "root-ca-certificate-publisher-controller": "root-ca-cert-publisher",
  "service-lb-controller": "service-controller",
  "serviceaccount-controller": "service-account-controller",
  "service-cidr-controller": "service-cidrs-controller",
  "taint-eviction-controller": "node-controller",
  "token-cleaner-controller": "token-cleaner",
}

/** Each controller has a ServiceAccount of its own, with what its promise needs and no more. */
export function controllerUser(controllerName: string): UserInfo {
  // It serves all the others, and in upstream runs before they have accounts.
  if (controllerName === "serviceaccount-token-controller") return controllerManagerUser
  const serviceAccountName = serviceAccounts[controllerName] ?? controllerName
  return {
    name: serviceAccountUserName("kube-system", serviceAccountName),
    groups: [...serviceAccountGroups("kube-system"), authenticatedGroup],
    extra: {},
  }
}

export function nodeUser(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ["system:nodes", authenticatedGroup], extra: {} }
}

export const dnsUser = controllerUser("coredns")
export const policyUser = controllerUser("network-policies")
export const ingressUser = controllerUser("ingress-controller")
export const localProvisionerUser = controllerUser("local-provisioner")
