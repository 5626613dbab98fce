import { formatGroupVersion } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"

interface Deprecation {
  /** "1.33" */
  readonly since: string
  /** What to use now: "discovery.k8s.io/v1 EndpointSlice". */
  readonly instead?: string
}

const deprecated: Readonly<Record<string, Deprecation>> = {
  "v1 componentstatuses": { since: "1.19" },
  "v1 endpoints": { since: "1.33", instead: "discovery.k8s.io/v1 EndpointSlice" },
}

/** What to tell those who still use what is going away; undefined for all else. */
export function deprecationOf(resource: Resource): string | undefined {
  const version = formatGroupVersion(resource)
  const found = deprecated[`${version} ${groupResource(resource)}`]
  if (!found) return undefined
  const instead = found.instead ? `; use ${found.instead}` : ""
  return `${version} ${resource.kind} is deprecated in v${found.since}+${instead}`
}
