import type { Verb } from "../apimachinery/resource.ts"
import type { VersionDiscovery } from "./discovery.ts"

interface ListedResource {
  readonly name: string
  readonly singularName?: string
  readonly namespaced: boolean
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

type Resources = NonNullable<VersionDiscovery["resources"]>

/** An APIResourceList in the form that aggregated discovery has; subresources stand below what they are of. */
export function discoveryOfList(
  list: { readonly [name: string]: unknown },
  version: string,
): VersionDiscovery {
  const listed = (list["resources"] ?? []) as readonly ListedResource[]
  const whole = listed.filter(({ name }) => !name.includes("/"))
  const resources = whole.map((each): Resources[number] => {
    const { name, singularName = "", namespaced, kind, verbs, shortNames = [], categories = [] } = each
    const subresources = listed
      .filter((other) => other.name.startsWith(`${name}/`))
      .map((other) => ({
        subresource: other.name.slice(name.length + 1),
        responseKind: responseKind(other),
        verbs: other.verbs,
      }))
    return {
      resource: name,
      responseKind: { ...responseKind(each), kind },
      scope: namespaced ? "Namespaced" : "Cluster",
      singularResource: singularName,
      verbs: [...verbs] as Verb[],
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(subresources.length > 0 && { subresources }),
    }
  })
  return { version, resources, freshness: "Current" }
}

function responseKind({ group = "", version = "", kind }: ListedResource) {
  return { group, version, kind }
}
