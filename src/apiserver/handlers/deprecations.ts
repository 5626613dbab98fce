import { formatGroupVersion } from "../../apimachinery/meta.ts"
import { groupResource, type Resource } from "../../apimachinery/resource.ts"

interface Deprecation {
  /** "1.33" */
  readonly since: string
  /** The first release without it. */
  readonly until?: string
  /** What to use now: "discovery.k8s.io/v1 EndpointSlice". */
  readonly instead?: string
}

const deprecated: Readonly<Record<string, Deprecation>> = {
  "v1 componentstatuses": { since: "1.19" },
  "v1 endpoints": { since: "1.33", instead: "discovery.k8s.io/v1 EndpointSlice" },
}

/** Alpha and beta versions go with all their kinds; those that this release still holds dear are not here. */
const deprecatedVersions: Readonly<Record<string, Deprecation>> = {
  "admissionregistration.k8s.io/v1alpha1": { since: "1.35", until: "1.38" },
  "certificates.k8s.io/v1alpha1": { since: "1.34", until: "1.37" },
  "coordination.k8s.io/v1alpha2": { since: "1.35", until: "1.38" },
  "coordination.k8s.io/v1beta1": { since: "1.36", until: "1.39" },
  "networking.k8s.io/v1beta1": { since: "1.34", until: "1.37" },
  "resource.k8s.io/v1beta1": { since: "1.35", until: "1.38" },
  "resource.k8s.io/v1beta2": { since: "1.36", until: "1.39" },
  "storage.k8s.io/v1beta1": {
    since: "1.34",
    until: "1.37",
    instead: "storage.k8s.io/v1 VolumeAttributesClass",
  },
}

/** Kinds that came to an old version late. */
const notYet: ReadonlySet<string> = new Set(["resource.k8s.io/v1beta2 devicetaintrules.resource.k8s.io"])

/** What to tell those who still use what is going away; undefined for all else. */
export function deprecationOf(resource: Resource): string | undefined {
  const version = formatGroupVersion(resource)
  const name = `${version} ${groupResource(resource)}`
  const found = deprecated[name] ?? (notYet.has(name) ? undefined : deprecatedVersions[version])
  if (!found) return undefined
  const until = found.until ? `, unavailable in v${found.until}+` : ""
  const instead = found.instead ? `; use ${found.instead}` : ""
  return `${version} ${resource.kind} is deprecated in v${found.since}+${until}${instead}`
}
