import type { Node } from "../../api/core/v1/node.ts"
import type { RequestedCertificate } from "./certificate-signer.ts"

// What the kubelet's own certificates must look like
// (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers).

const clientUsages = ["client auth", "digital signature", "key encipherment"]
const servingUsages = ["digital signature", "key encipherment", "server auth"]

/** Undefined when it is one; else what is wrong. */
export function kubeletClientProblem(
  request: RequestedCertificate,
  usages: readonly string[],
): string | undefined {
  return (
    nodeProblem(request) ??
    (request.dnsNames.length > 0 ? "DNS subjectAltNames are not allowed" : undefined) ??
    (request.emailAddresses.length > 0 ? "Email subjectAltNames are not allowed" : undefined) ??
    (request.ipAddresses.length > 0 ? "IP subjectAltNames are not allowed" : undefined) ??
    (request.uris.length > 0 ? "URI subjectAltNames are not allowed" : undefined) ??
    usagesProblem(usages, clientUsages)
  )
}

export function kubeletServingProblem(
  request: RequestedCertificate,
  usages: readonly string[],
): string | undefined {
  const hasName = request.dnsNames.length + request.ipAddresses.length > 0
  return (
    nodeProblem(request) ??
    (hasName ? undefined : "DNS or IP subjectAltName is required") ??
    (request.emailAddresses.length > 0 ? "Email subjectAltNames are not allowed" : undefined) ??
    (request.uris.length > 0 ? "URI subjectAltNames are not allowed" : undefined) ??
    usagesProblem(usages, servingUsages)
  )
}

/** Every name and address asked for is one of the node's own, by its status, and no other node's. */
export function namesOnlyItself(
  { commonName, dnsNames, ipAddresses }: RequestedCertificate,
  nodes: readonly Node[],
): boolean {
  const name = commonName.slice("system:node:".length)
  const node = nodes.find(({ metadata }) => metadata.name === name)
  const addressesOf = ({ status }: Node) => (status?.addresses ?? []).map(({ address }) => address)
  const own = new Set(node && [name, ...addressesOf(node)])
  const others = new Set(nodes.filter((each) => each !== node).flatMap(addressesOf))
  return [...dnsNames, ...ipAddresses].every((each) => own.has(each) && !others.has(each))
}

/** For any client certificate. */
export function clientUsagesProblem(usages: readonly string[]): string | undefined {
  const stranger = usages.find((usage) => !clientUsages.includes(usage))
  if (stranger) return `invalid usage for client certificate: ${stranger}`
  return usages.includes("client auth")
    ? undefined
    : "missing required usage for client certificate: client auth"
}

function nodeProblem({ organizations, commonName }: RequestedCertificate): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== "system:nodes")
    return "subject organization is not system:nodes"
  return commonName.startsWith("system:node:")
    ? undefined
    : "subject common name does not begin with system:node:"
}

/** Exactly these; keys that cannot encipher leave that one out. */
function usagesProblem(usages: readonly string[], wanted: readonly string[]): string | undefined {
  const given = [...new Set(usages)].sort()
  const matches = (list: readonly string[]) => given.join() === list.join()
  if (matches(wanted) || matches(wanted.filter((usage) => usage !== "key encipherment"))) return undefined
  return `usages did not match [${wanted.join(" ")}]`
}
