import { builtInResources } from "../api/index.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import { resource, type Resource, type Verb } from "../apimachinery/resource.ts"
import { message } from "../apimachinery/schema.ts"
import type { Transport } from "./transport.ts"

/** The part of aggregated discovery that is read here. */
interface GroupDiscoveryList {
  readonly kind: string
  readonly items: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions: readonly {
      readonly version: string
      readonly freshness?: string
      readonly resources?: readonly {
        readonly resource: string
        readonly responseKind?: { readonly kind: string }
        readonly scope: "Namespaced" | "Cluster"
        readonly verbs: readonly string[]
      }[]
    }[]
  }[]
}

export interface Discovered {
  /** One per group and resource: in the version that the server prefers. */
  readonly resources: readonly Resource[]
  /** "group/version" of those that an aggregated server did not tell about. */
  readonly stale: readonly string[]
}

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

/**
 * Everything the server serves, custom resources included, for controllers that act on all kinds alike. A kind that is
 * not built in has an empty schema: only its metadata is known.
 */
export async function discoverResources(transport: Transport, signal?: AbortSignal): Promise<Discovered> {
  const lists = await Promise.all(
    ["/api", "/apis"].map(async (path) => {
      const request = { method: "GET", path, headers: { accept } } as const
      const { body } = await transport.request(signal ? { ...request, signal } : request)
      return (typeof body === "string" ? JSON.parse(body) : body) as GroupDiscoveryList
    }),
  )
  const resources = new Map<string, Resource>()
  const stale: string[] = []
  for (const list of lists) {
    if (list.kind !== "APIGroupDiscoveryList")
      throw new Error(`the server has no aggregated discovery: it answered ${list.kind}`)
    for (const { metadata, versions } of list.items) {
      const group = metadata?.name ?? ""
      for (const { version, freshness, resources: served = [] } of versions) {
        if (freshness === "Stale") stale.push(`${group}/${version}`)
        for (const one of served) {
          const id = `${one.resource}.${group}`
          if (!resources.has(id)) resources.set(id, toResource(group, version, one))
        }
      }
    }
  }
  return { resources: Array.from(resources.values()), stale }
}

type Served = NonNullable<GroupDiscoveryList["items"][number]["versions"][number]["resources"]>[number]

function toResource(group: string, version: string, served: Served): Resource {
  const known = builtIn().get(`${served.resource}.${version}.${group}`)
  if (known) return known
  return resource<KubeObject>({
    group,
    version,
    kind: served.responseKind?.kind ?? "",
    plural: served.resource,
    namespaced: served.scope === "Namespaced",
    verbs: served.verbs as readonly Verb[],
    schema: message("", {}),
  })
}

let builtInById: ReadonlyMap<string, Resource> | undefined

function builtIn(): ReadonlyMap<string, Resource> {
  builtInById ??= new Map(builtInResources.map((one) => [`${one.plural}.${one.version}.${one.group}`, one]))
  return builtInById
}
