import { formatGroupVersion, type GroupVersion } from "../apimachinery/meta.ts"
import type { Resource, Subresource } from "../apimachinery/resource.ts"
import { compareVersions, type Priority, priorityOf } from "./version-priority.ts"

// What the server tells about itself (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api), derived
// from the resources it serves. Pure: the caller keeps the documents for as long as the resources stay the same.

export interface ApiResource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly group?: string
  readonly version?: string
  readonly kind: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly storageVersionHash?: string
}

export interface ApiResourceList {
  readonly kind: "APIResourceList"
  /** The oldest of these documents has none. */
  readonly apiVersion?: "v1"
  readonly groupVersion: string
  readonly resources: readonly ApiResource[]
}

interface GroupVersionForDiscovery {
  readonly groupVersion: string
  readonly version: string
}

export interface ApiGroup {
  readonly name: string
  readonly versions: readonly GroupVersionForDiscovery[]
  readonly preferredVersion: GroupVersionForDiscovery
}

/** A version of a group that another server answers for. */
export interface OtherVersion extends GroupVersion, Priority {
  /** Its entry in aggregated discovery, as that server told it; without resources if it never did. */
  readonly discovery: VersionDiscovery
}

export interface VersionDiscovery {
  readonly version: string
  readonly resources?: readonly ReturnType<typeof resourceDiscovery>[]
  readonly freshness: string
}

/** By `resourceKey`; see `computeStorageVersionHashes`. */
export type StorageVersionHashes = ReadonlyMap<string, string>

const readWriteVerbs = ["get", "patch", "update"]

/** `/api/v1`, `/apis/apps/v1`: undefined if there is no such version. */
export function apiResourceList(
  resources: readonly Resource[],
  groupVersion: GroupVersion,
  hashes: StorageVersionHashes = new Map(),
): ApiResourceList | undefined {
  const served = resourcesOf(resources, groupVersion)
  if (served.length === 0) return undefined
  return {
    kind: "APIResourceList",
    ...(groupVersion.group !== "" && { apiVersion: "v1" as const }),
    groupVersion: formatGroupVersion(groupVersion),
    resources: served.flatMap((resource) => [
      apiResource(resource, hashes.get(resourceKey(resource))),
      ...allSubresources(resource).map((subresource) => apiSubresource(resource, subresource)),
    ]),
  }
}

function apiResource(resource: Resource, storageVersionHash: string | undefined): ApiResource {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(storageVersionHash !== undefined && { storageVersionHash }),
  }
}

function apiSubresource({ plural, namespaced }: Resource, subresource: Subresource): ApiResource {
  const { name, group, version, kind, verbs } = subresource
  return {
    name: `${plural}/${name}`,
    singularName: "",
    namespaced,
    ...(group !== undefined && { group }),
    ...(version !== undefined && { version }),
    kind,
    verbs,
  }
}

/** Those that are declared, and `status` and `scale`, by name. */
export function allSubresources(resource: Resource): Subresource[] {
  const { kind, hasStatus, scale, subresources } = resource
  const all: Subresource[] = [...subresources]
  if (hasStatus) all.push({ name: "status", kind, verbs: readWriteVerbs })
  if (scale) {
    all.push({ name: "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: readWriteVerbs })
  }
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** `/apis/apps`: undefined if there is no such group. */
export function apiGroup(
  resources: readonly Resource[],
  name: string,
  others: readonly OtherVersion[] = [],
): (ApiGroup & { kind: "APIGroup"; apiVersion: "v1" }) | undefined {
  const versions = versionsOf(resources, name, others)
  return versions.length > 0 ? { kind: "APIGroup", apiVersion: "v1", ...groupOf(name, versions) } : undefined
}

/** `/apis`: the groups, most important first. The core group has no name and stands in `/api`. */
export function apiGroupList(resources: readonly Resource[], others: readonly OtherVersion[] = []) {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groupNames(resources, others).map((name) => groupOf(name, versionsOf(resources, name, others))),
  }
}

function groupOf(name: string, versions: readonly string[]): ApiGroup {
  const described = versions.map((version) => ({
    groupVersion: formatGroupVersion({ group: name, version }),
    version,
  }))
  return { name, versions: described, preferredVersion: described[0]! }
}

/** `/api`. */
export function apiVersions(serverAddress: string) {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  }
}

/**
 * `/api` and `/apis` as aggregated discovery: all resources in one answer.
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3352-aggregated-discovery)
 */
export function aggregatedDiscovery(
  resources: readonly Resource[],
  options: { readonly isLegacy: boolean; readonly version: "v2" | "v2beta1" },
  others: readonly OtherVersion[] = [],
) {
  const names = options.isLegacy ? [""] : groupNames(resources, others)
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${options.version}`,
    metadata: {},
    items: names.map((name) => ({
      metadata: name === "" ? {} : { name },
      versions: versionsOf(resources, name, others).map(
        (version) =>
          others.find((each) => each.group === name && each.version === version)?.discovery ?? {
            version,
            resources: resourcesOf(resources, { group: name, version }).map(resourceDiscovery),
            freshness: "Current",
          },
      ),
    })),
  }
}

function resourceDiscovery(resource: Resource) {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource
  const subresources = allSubresources(resource).map((subresource) => ({
    subresource: subresource.name,
    responseKind: {
      group: subresource.group ?? "",
      version: subresource.version ?? "",
      kind: subresource.kind,
    },
    verbs: subresource.verbs,
  }))
  return {
    resource: plural,
    // Empty means that of the list.
    responseKind: { group: "", version: "", kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}

function resourcesOf(resources: readonly Resource[], { group, version }: GroupVersion): Resource[] {
  return resources
    .filter((resource) => resource.group === group && resource.version === version)
    .sort((a, b) => (a.plural < b.plural ? -1 : 1))
}

function groupNames(resources: readonly Resource[], others: readonly OtherVersion[]): string[] {
  const ranks = new Map<string, number>()
  for (const { group, groupPriority } of allVersions(resources, others))
    if (group !== "") ranks.set(group, Math.max(groupPriority, ranks.get(group) ?? 0))
  return [...ranks].sort(([a, rankA], [b, rankB]) => rankB - rankA || (a < b ? -1 : 1)).map(([name]) => name)
}

function versionsOf(
  resources: readonly Resource[],
  name: string,
  others: readonly OtherVersion[] = [],
): string[] {
  const ranks = new Map<string, number>()
  for (const { group, version, versionPriority } of allVersions(resources, others))
    if (group === name) ranks.set(version, versionPriority)
  return [...ranks]
    .sort(([a, rankA], [b, rankB]) => rankB - rankA || compareVersions(a, b))
    .map(([version]) => version)
}

function* allVersions(
  resources: readonly Resource[],
  others: readonly OtherVersion[],
): Iterable<GroupVersion & Priority> {
  for (const { group, version } of resources) yield { group, version, ...priorityOf(group, version) }
  yield* others
}

export function resourceKey({ group, version, plural }: Resource): string {
  return `${group}/${version}/${plural}`
}

/** Tells clients which resources are one in the store: equal hashes, equal objects. */
export async function computeStorageVersionHashes(
  resources: readonly Resource[],
): Promise<StorageVersionHashes> {
  const stored = resources.filter((resource) => resource.verbs.includes("watch"))
  const entries = stored.map(async (resource) => {
    const { group, version } = resource.storedAs ?? resource
    const text = new TextEncoder().encode(`${group}/${version}/${resource.kind}`)
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text))
    return [resourceKey(resource), btoa(String.fromCharCode(...digest.subarray(0, 8)))] as const
  })
  return new Map(await Promise.all(entries))
}
