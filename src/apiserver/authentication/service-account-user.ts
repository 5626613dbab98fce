import { dnsLabelProblems, dnsSubdomainProblems } from "../../apimachinery/names.ts"

const prefix = "system:serviceaccount:"

/** "system:serviceaccount:default:builder" */
export function serviceAccountUserName(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`
}

/** The account behind a user name; undefined when the user is not one. */
export function findServiceAccount(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(prefix)) return undefined
  const [namespace = "", name = "", ...more] = userName.slice(prefix.length).split(":")
  if (more.length > 0) return undefined
  if (dnsLabelProblems(namespace).length > 0 || dnsSubdomainProblems(name).length > 0) return undefined
  return { namespace, name }
}

/** The groups every ServiceAccount of a namespace is in. */
export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
}

/** Keys of `UserInfo.extra` that tell where a ServiceAccount's token lives. */
export const extraKeys = {
  podName: "authentication.kubernetes.io/pod-name",
  podUid: "authentication.kubernetes.io/pod-uid",
  nodeName: "authentication.kubernetes.io/node-name",
  nodeUid: "authentication.kubernetes.io/node-uid",
  credentialId: "authentication.kubernetes.io/credential-id",
} as const
