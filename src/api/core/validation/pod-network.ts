import { forbiddenValue, invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { patternProblem } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsLabel, dnsSubdomain, type Errors } from "../../validation/checks.ts"
import { ipAddress } from "../../validation/ip.ts"
import type { HostAlias, PodDNSConfig, PodSpec } from "../v1/pod.ts"

// How a pod is named, and how it finds others.

const maxNameservers = 3
const maxSearchPaths = 32
const maxSearchCharacters = 2048

export function* validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, path: FieldPath): Errors {
  if (dnsPolicy === "None" && !dnsConfig?.nameservers?.length) {
    if (!dnsConfig) yield requiredValue(path, "must provide `dnsConfig` when `dnsPolicy` is None")
    else {
      const detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
      yield requiredValue(path.child("nameservers"), detail)
    }
  } else if (dnsConfig) yield* resolverConfiguration(dnsConfig, path)
}

function* resolverConfiguration(
  { nameservers = [], searches = [], options = [] }: PodDNSConfig,
  path: FieldPath,
): Errors {
  const serversPath = path.child("nameservers")
  if (nameservers.length > maxNameservers) {
    yield invalidValue(serversPath, nameservers, `must not have more than ${maxNameservers} nameservers`)
  }
  for (const [index, address] of nameservers.entries()) yield* ipAddress(address, serversPath.index(index))

  const searchesPath = path.child("searches")
  if (searches.length > maxSearchPaths) {
    yield invalidValue(searchesPath, searches, `must not have more than ${maxSearchPaths} search paths`)
  }
  if (utf8Length(searches.join(" ")) > maxSearchCharacters) {
    const detail = `must not have more than ${maxSearchCharacters} characters (including spaces) in the search list`
    yield invalidValue(searchesPath, searches, detail)
  }
  for (const [index, search] of searches.entries()) {
    if (search === ".") continue
    yield* searchPath(search.replace(/\.$/, ""), searchesPath.index(index))
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) yield requiredValue(path.child("options").index(index), "must not be empty")
  }
}

const label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
const domainPattern = `${label}(\\.${label})*`
const domain = new RegExp(`^${domainPattern}$`)
const domainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character"

/** A domain of the DNS may have underscores, other than a host's name. */
function* searchPath(name: string, path: FieldPath): Errors {
  if (utf8Length(name) > 253) yield invalidValue(path, name, "must be no more than 253 characters")
  if (domain.test(name)) return
  yield invalidValue(path, name, patternProblem(domainMessage, domainPattern, "example.com"))
}

/** A pod with the host's network has the host's ports; its template may leave that to the defaults. */
export function* validateHostNetworkPorts(spec: PodSpec, isPod: boolean, path: FieldPath): Errors {
  if (!spec.hostNetwork) return
  for (const [index, { ports = [] }] of spec.containers.entries()) {
    for (const [position, { hostPort = 0, containerPort }] of ports.entries()) {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) continue
      const at = path.child("containers").index(index).child("ports").index(position).child("hostPort")
      yield invalidValue(at, hostPort, "must match `containerPort` when `hostNetwork` is true")
    }
  }
}

const maxHostName = 64

export function* validateHostnameOverride(spec: PodSpec, path: FieldPath): Errors {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = spec
  if (name === undefined) return
  const at = path.child("hostnameOverride")
  if (setHostnameAsFQDN) yield forbiddenValue(at, "may not be specified when setHostnameAsFQDN is true")
  if (hostNetwork) yield forbiddenValue(at, "may not be specified when hostNetwork is true")
  if (utf8Length(name) > maxHostName) yield tooLong(at, maxHostName)
  yield* dnsSubdomain(name, at)
}

export function* validateHostNames({ hostname, subdomain }: PodSpec, path: FieldPath): Errors {
  if (hostname) yield* dnsLabel(hostname, path.child("hostname"))
  if (subdomain) yield* dnsLabel(subdomain, path.child("subdomain"))
}

export function* validateHostAliases(aliases: readonly HostAlias[], path: FieldPath): Errors {
  for (const [index, { ip, hostnames = [] }] of aliases.entries()) {
    const at = path.index(index)
    yield* ipAddress(ip, at.child("ip"))
    for (const [position, name] of hostnames.entries()) {
      yield* dnsSubdomain(name, at.child("hostnames").index(position))
    }
  }
}
