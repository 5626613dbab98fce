import { integer } from "../../base/random.ts"
import { isLoopback, isUsableAddress } from "./proxy-addresses.ts"
import { badRequest, notFound, serviceUnavailable } from "../../apimachinery/status-errors.ts"
import type { KubeObject, ObjectKey } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { type EndpointAddress, Endpoints } from "../../api/core/v1/endpoints.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { headerOf } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import { objectAs } from "../registry/versions.ts"
import { keyIn, type ResourceRequest } from "../resource-request.ts"
import type { BackendTarget } from "./backends.ts"
import { admitConnect, backendsOf } from "./connect-pod.ts"
import { kubeletOrigin } from "./pod-location.ts"

/*
 * nodes, pods and services /proxy: the API server as a way in
 * (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls).
 * The name may say more: "web", "web:8080", "https:web:8443".
 */

export async function proxyToNode(request: ResourceRequest): Promise<ServerResponse> {
  return proxy(request, "NodeProxyOptions", await nodeTarget(request))
}

export async function proxyToPod(request: ResourceRequest): Promise<ServerResponse> {
  return proxy(request, "PodProxyOptions", await podTarget(request))
}

export async function proxyToService(request: ResourceRequest): Promise<ServerResponse> {
  return proxy(request, "ServiceProxyOptions", await serviceTarget(request))
}

async function proxy(
  request: ResourceRequest,
  kind: string,
  target: { readonly origin: string; readonly isKubelet: boolean },
): Promise<ServerResponse> {
  const { context } = request
  const incoming = context.request
  // The path is passed on as it was written: what is escaped stays escaped.
  const { prefix, rest } = splitProxyPath(incoming.path)
  await admitConnect(request, { apiVersion: "v1", kind, ...(rest && { path: rest }) })
  const query = incoming.rawQuery ?? incoming.query.toString()
  const search = query && `?${query}`
  const url = new URL(`${target.origin}${rest || "/"}${search}`)
  const backend: BackendTarget = { url, isKubelet: target.isKubelet }
  if (incoming.upgrade) {
    await backendsOf(request).connect(incoming, backend)
    return { status: 101, headers: {}, body: { kind: "upgraded" } }
  }
  if (rest === "" && (incoming.method === "GET" || incoming.method === "HEAD"))
    return { status: 301, headers: { location: `${incoming.path}/${search}` }, body: { kind: "empty" } }
  const host = headerOf(incoming.headers, "host") || headerOf(incoming.headers, ":authority")
  return backendsOf(request).forward(incoming, backend, { prefix, host })
}

function splitProxyPath(path: string): { prefix: string; rest: string } {
  const match = /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy)(.*)$/s.exec(path)
  if (!match) throw badRequest(`${path} is no path of a proxy`)
  return { prefix: match[1]!, rest: match[2]! }
}

interface ProxyName {
  readonly scheme: "http" | "https" | ""
  readonly name: string
  readonly port: string
}

function parseProxyName(text: string, what: string): ProxyName {
  const parts = text.split(":")
  const [scheme = "", name = "", port = ""] =
    parts.length === 1 ? ["", parts[0], ""] : parts.length === 2 ? ["", ...parts] : parts
  const isKnown = scheme === "" || scheme === "http" || scheme === "https"
  if (parts.length > 3 || name === "" || !isKnown) throw badRequest(`invalid ${what} request "${text}"`)
  return { scheme: scheme, name, port }
}

async function nodeTarget(request: ResourceRequest) {
  const { scheme, name, port } = parseProxyName(request.name, "node")
  const node = await read(request, Node, { name })
  const origin = kubeletOrigin(node)
  const kubelet = new URL(origin)
  if (port === "" || port === kubelet.port) return { origin, isKubelet: true }
  if (isLoopback(kubelet.hostname)) throw badRequest("address not allowed")
  return { origin: `${scheme || "http"}://${kubelet.hostname}:${port}`, isKubelet: false }
}

async function podTarget(request: ResourceRequest) {
  const { scheme, name, port } = parseProxyName(request.name, "pod")
  const pod = await read(request, Pod, { namespace: request.namespace, name })
  const address = pod.status.podIPs?.[0]?.ip ?? pod.status.podIP ?? ""
  if (!isUsableAddress(address)) throw badRequest("address not allowed")
  const declared = pod.spec.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort
  return { origin: originOf(scheme, address, port || declared), isKubelet: false }
}

async function serviceTarget(request: ResourceRequest) {
  const { scheme, name, port } = parseProxyName(request.name, "service")
  const portName = await servicePortName(request, name, port)
  const key = { namespace: request.namespace, name }
  const { subsets = [] } = await read(request, Endpoints, key)
  if (subsets.length === 0) throw serviceUnavailable(`no endpoints available for service "${name}"`)
  const { random } = request.context.server
  const from = <T>(list: readonly T[]): T[] => {
    const start = list.length > 0 ? integer(random, list.length) : 0
    return [...list.slice(start), ...list.slice(0, start)]
  }
  for (const { ports = [], addresses = [] } of from(subsets)) {
    const found = ports.find((each) => (each.name ?? "") === portName)
    const address = found && from(addresses).find((each) => isPod(request, each))
    if (found && address) return { origin: originOf(scheme, address.ip, found.port), isKubelet: false }
  }
  throw serviceUnavailable(`no endpoints available for service "${request.name}"`)
}

async function servicePortName(request: ResourceRequest, name: string, port: string): Promise<string> {
  if (!/^\d+$/.test(port)) return port
  const { spec } = await read(request, Service, { namespace: request.namespace, name })
  const found = spec.ports?.find((each) => each.port === Number(port))
  if (!found) throw serviceUnavailable(`no service port ${port} found for service "${name}"`)
  return found.name ?? ""
}

/** Anybody may write Endpoints: only addresses of pods of the same namespace are reached for. */
function isPod({ context, namespace }: ResourceRequest, { targetRef, ip }: EndpointAddress): boolean {
  if (targetRef?.namespace !== namespace || !targetRef.name) return false
  const served = context.server.resources.get(Pod)
  const stored = served.registry.cache.find(keyIn(served, namespace, targetRef.name))
  if (!stored) return false
  const { status } = objectAs(served, stored) as unknown as Pod
  return status.podIPs?.some((each) => each.ip === ip) ?? status.podIP === ip
}

function originOf(scheme: string, address: string, port: string | number | undefined): string {
  const host = address.includes(":") ? `[${address}]` : address
  return `${scheme || "http"}://${host}${port ? `:${port}` : ""}`
}

async function read<T extends KubeObject>(
  { context }: ResourceRequest,
  resource: Resource<T>,
  key: ObjectKey,
): Promise<T> {
  const served = context.server.resources.get(resource)
  const stored = await served.registry.read(keyIn(served, key.namespace ?? "", key.name), context.signal)
  if (!stored) throw notFound(resource, key.name)
  return objectAs(served, stored) as unknown as T
}
