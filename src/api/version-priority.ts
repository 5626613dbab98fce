/**
 * How important groups and versions are: clients that are asked for "deployments" look at the greater number first. As
 * upstream registers them; of a group's versions that are not listed here the more mature one comes first.
 */
const priorities: Readonly<
  Record<string, readonly [group: number, versions: Readonly<Record<string, number>>]>
> = {
  "": [18_000, { v1: 1 }],
  // It has no entry of its own among the groups it lists, and stands before them.
  "apiregistration.k8s.io": [17_900, { v1: 15 }],
  apps: [17_800, { v1: 15 }],
  "events.k8s.io": [17_750, { v1: 15 }],
  "authentication.k8s.io": [17_700, { v1: 15 }],
  "authorization.k8s.io": [17_600, { v1: 15 }],
  autoscaling: [17_500, { v1: 15, v2: 30 }],
  batch: [17_400, { v1: 15 }],
  "certificates.k8s.io": [17_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  "networking.k8s.io": [17_200, { v1: 15, v1beta1: 9 }],
  policy: [17_100, { v1: 15 }],
  "rbac.authorization.k8s.io": [17_000, { v1: 15 }],
  "storage.k8s.io": [16_800, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  "admissionregistration.k8s.io": [16_700, { v1: 15, v1beta1: 12, v1alpha1: 9 }],
  "apiextensions.k8s.io": [16_700, { v1: 15 }],
  "scheduling.k8s.io": [16_600, { v1: 15, v1alpha2: 2 }],
  "coordination.k8s.io": [16_500, { v1: 15, v1beta1: 13, v1alpha2: 12 }],
  "node.k8s.io": [16_300, { v1: 15, v1beta1: 9, v1alpha1: 1 }],
  "discovery.k8s.io": [16_200, { v1: 15 }],
  "resource.k8s.io": [16_200, { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 }],
  "flowcontrol.apiserver.k8s.io": [16_100, { v1: 21 }],
  "internal.apiserver.k8s.io": [16_000, { v1alpha1: 9 }],
  "storagemigration.k8s.io": [15_800, { v1beta1: 9 }],
}

/** Of groups that CustomResourceDefinitions add. */
const otherGroups = { groupPriority: 1000, versionPriority: 100 }

export interface Priority {
  readonly groupPriority: number
  readonly versionPriority: number
}

export function priorityOf(group: string, version: string): Priority {
  const known = priorities[group]
  if (!known) return otherGroups
  return { groupPriority: known[0], versionPriority: known[1][version] ?? 1 }
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
