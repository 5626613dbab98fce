import type { Pod } from "../../api/core/v1/pod.ts"

const maxHostname = 63

/** The pod's short name, and its full one where it has a subdomain: "web-0", "web-0.web.default.svc.cluster.local". */
export function podHostname(
  { metadata, spec }: Pod,
  clusterDomain: string,
): { hostname: string; domain: string } {
  if (spec.hostnameOverride) return { hostname: spec.hostnameOverride, domain: "" }
  const hostname = spec.hostname || truncate(metadata.name)
  const domain = spec.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : ""
  return { hostname, domain }
}

/** What the kernel is told. Throws when the full name is asked for and too long for it. */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain)
  if (!pod.spec.setHostnameAsFQDN || domain === "") return hostname
  const full = `${hostname}.${domain}`
  // 64 characters is the kernel's limit.
  if (full.length > maxHostname + 1)
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (64 characters is the max, ${full.length} characters requested)`,
    )
  return full
}

function truncate(name: string): string {
  return name.length <= maxHostname ? name : name.slice(0, maxHostname).replace(/[-.]+$/, "")
}
