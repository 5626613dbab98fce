/** Most important first; clients that are asked for "deployments" look in this order. Others follow by name. */
const groupOrder = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "storagemigration.k8s.io",
]

/** For sorting groups, most important first. */
export function compareGroups(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || (a < b ? -1 : a > b ? 1 : 0)
}

function rankOf(group: string): number {
  const index = groupOrder.indexOf(group)
  return index < 0 ? groupOrder.length : index
}

const versionPattern = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/
const stages = ["alpha", "beta", undefined]

/** For sorting versions, most mature first: v2, v1, v1beta2, v1alpha1, then what is no such version, by name. */
export function compareVersions(a: string, b: string): number {
  const [parsedA, parsedB] = [parseVersion(a), parseVersion(b)]
  if (!parsedA || !parsedB) return parsedA ? -1 : parsedB ? 1 : a < b ? -1 : a > b ? 1 : 0
  for (const [index, part] of parsedA.entries()) {
    if (part !== parsedB[index]) return parsedB[index]! - part
  }
  return 0
}

function parseVersion(version: string): [stage: number, major: number, minor: number] | undefined {
  const match = versionPattern.exec(version)
  if (!match) return undefined
  return [stages.indexOf(match[2]), Number(match[1]), Number(match[3] ?? 0)]
}
