import { badRequest } from "../../apimachinery/status-errors.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { PodAttachOptions, PodExecOptions, PodLogOptions } from "../../api/core/v1/pod-options.ts"
import type { Pod } from "../../api/core/v1/pod.ts"

const defaultKubeletPort = 10250
/** As kubeadm sets `--kubelet-preferred-address-types`. */
const preferredAddresses = ["InternalIP", "ExternalIP", "Hostname"] as const

/** "https://10.0.0.5:10250", where the node's kubelet listens. Throws when the node has not told any address. */
export function kubeletOrigin({ status }: Node): string {
  const addresses = status.addresses ?? []
  for (const type of preferredAddresses) {
    const found = addresses.find((address) => address.type === type)
    if (!found) continue
    const host = found.address.includes(":") ? `[${found.address}]` : found.address
    return `https://${host}:${status.daemonEndpoints?.kubeletEndpoint?.Port || defaultKubeletPort}`
  }
  const known = addresses.map(({ type, address }) => `{${type} ${address}}`).join(" ")
  throw new StatusError("Unknown", `no preferred addresses found; known addresses: [${known}]`, { code: 500 })
}

/** The container that is meant: the one named, or the only one. */
export function chooseContainer(pod: Pod, name: string | undefined): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec
  const names = [...initContainers, ...containers, ...ephemeralContainers].map((container) => container.name)
  const which = `pod ${pod.metadata.name}`
  if (name) {
    if (names.includes(name)) return name
    throw badRequest(`container ${name} is not valid for ${which}`)
  }
  if (containers.length === 1) return containers[0]!.name
  const choice = containers.length === 0 ? "" : `, choose one of: [${names.join(" ")}]`
  throw badRequest(`a container name must be specified for ${which}${choice}`)
}

/** The kubelet's path for an exec or attach. */
export function commandPath(
  action: "exec" | "attach",
  pod: Pod,
  container: string,
  options: PodExecOptions | PodAttachOptions,
): string {
  const query = new URLSearchParams()
  if (options.stdin) query.append("input", "1")
  if (options.stdout) query.append("output", "1")
  if (options.stderr) query.append("error", "1")
  if (options.tty) query.append("tty", "1")
  if ("command" in options) for (const word of options.command) query.append("command", word)
  return withQuery(`/${action}/${address(pod)}/${container}`, query)
}

export function portForwardPath(pod: Pod, ports: readonly number[]): string {
  const query = new URLSearchParams(ports.length > 0 ? { port: ports.join(",") } : {})
  return withQuery(`/portForward/${address(pod)}`, query)
}

export function logPath(pod: Pod, container: string, options: PodLogOptions): string {
  const query = new URLSearchParams()
  if (options.follow) query.append("follow", "true")
  if (options.previous) query.append("previous", "true")
  if (options.timestamps) query.append("timestamps", "true")
  if (options.sinceSeconds !== undefined) query.append("sinceSeconds", String(options.sinceSeconds))
  if (options.sinceTime !== undefined) query.append("sinceTime", options.sinceTime)
  if (options.tailLines !== undefined) query.append("tailLines", String(options.tailLines))
  if (options.limitBytes !== undefined) query.append("limitBytes", String(options.limitBytes))
  query.append("stream", options.stream ?? "All")
  return withQuery(`/containerLogs/${address(pod)}/${container}`, query)
}

function address({ metadata: { namespace = "", name } }: Pod): string {
  return `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString()
  return text === "" ? path : `${path}?${text}`
}
