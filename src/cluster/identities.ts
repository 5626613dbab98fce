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

export const schedulerUser = component("system:kube-scheduler")
export const controllerManagerUser = component("system:kube-controller-manager")
export const proxyUser = component("system:kube-proxy")
export const dnsUser = controllerUser("coredns")

/** Each controller has a ServiceAccount of its own, with what its promise needs and no more. */
export function controllerUser(serviceAccountName: string): UserInfo {
  return {
    name: serviceAccountUserName("kube-system", serviceAccountName),
    groups: [...serviceAccountGroups("kube-system"), authenticatedGroup],
    extra: {},
  }
}

export function nodeUser(nodeName: string): UserInfo {
  return { name: `system:node:${nodeName}`, groups: ["system:nodes", authenticatedGroup], extra: {} }
}
