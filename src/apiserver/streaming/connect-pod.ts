import { badRequest, forbidden, notFound, serviceUnavailable } from "../../apimachinery/status-errors.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { admissionAttributes } from "../handlers/admit.ts"
import { headerOf } from "../http/request.ts"
import type { ServerResponse } from "../http/response.ts"
import { objectAs } from "../registry/versions.ts"
import { keyIn, keyOf, type ResourceRequest } from "../resource-request.ts"
import type { Backends, BackendTarget } from "./backends.ts"
import { chooseContainer, commandPath, kubeletOrigin, logPath, portForwardPath } from "./pod-location.ts"
import { attachOptions, execOptions, logOptions, portForwardOptions } from "./pod-options-from-query.ts"
import { respondWithLog } from "./respond-with-log.ts"

const upgraded: ServerResponse = { status: 101, headers: {}, body: { kind: "upgraded" } }

/** GET or POST pods/NAME/exec */
export async function execInPod(request: ResourceRequest): Promise<ServerResponse> {
  return connectCommand(request, "exec")
}

/** GET or POST pods/NAME/attach */
export async function attachToPod(request: ResourceRequest): Promise<ServerResponse> {
  return connectCommand(request, "attach")
}

async function connectCommand(request: ResourceRequest, action: "exec" | "attach"): Promise<ServerResponse> {
  const { request: incoming } = request.context
  await ensureMayCreate(request)
  const options = action === "exec" ? execOptions(incoming.query) : attachOptions(incoming.query)
  await admitConnect(request, options)
  const pod = await getPod(request)
  const container = chooseContainer(pod, options.container)
  const target = await kubeletTarget(request, pod, commandPath(action, pod, container, options))
  requireUpgrade(request)
  countWebSocket(request, target, action)
  await backendsOf(request).connectCommand(incoming, target, {
    stdin: options.stdin === true,
    stdout: options.stdout === true,
    stderr: options.stderr === true && options.tty !== true,
    tty: options.tty === true,
  })
  return upgraded
}

/** GET or POST pods/NAME/portforward */
export async function forwardPodPorts(request: ResourceRequest): Promise<ServerResponse> {
  const { request: incoming } = request.context
  await ensureMayCreate(request)
  const options = portForwardOptions(incoming.query)
  await admitConnect(request, options)
  const pod = await getPod(request)
  const target = await kubeletTarget(request, pod, portForwardPath(pod, options.ports ?? []))
  requireUpgrade(request)
  countWebSocket(request, target, "portforward")
  await backendsOf(request).connectPortForward(incoming, target)
  return upgraded
}

/** GET pods/NAME/log */
export async function readPodLog(request: ResourceRequest): Promise<ServerResponse> {
  const { context, name } = request
  const options = logOptions(context.request.query, name)
  const pod = await getPod(request)
  const container = chooseContainer(pod, options.container)
  // A pod that is nowhere has said nothing.
  if (!pod.spec.nodeName)
    return respondWithLog({ status: 200, contentType: "text/plain", chunks: nothing() }, name)
  const target = await kubeletTarget(request, pod, logPath(pod, container, options))
  const insecure = options.insecureSkipTLSVerifyBackend === true
  const answer = await backendsOf(request).fetch({ ...target, insecure }, context.signal)
  return respondWithLog(answer, name)
}

async function* nothing(): AsyncGenerator<Uint8Array, void, void> {}

/** A WebSocket is opened with GET: the right to read a pod must not be the right to run something in it. */
async function ensureMayCreate({
  context,
  served,
  namespace,
  name,
  subresource,
}: ResourceRequest): Promise<void> {
  const { info, user, server } = context
  if (info.verb === "create") return
  const { decision, reason } = await server.authorizer.authorize({
    user,
    verb: "create",
    apiGroup: info.group,
    apiVersion: info.version,
    resource: info.resource,
    subresource,
    namespace,
    name,
  })
  if (decision !== "allowed") throw forbidden(served.resource, name, reason)
}

export async function admitConnect(
  request: ResourceRequest,
  options: { readonly apiVersion?: string | undefined; readonly kind?: string | undefined },
): Promise<void> {
  const { admission } = request.context.server
  const attributes = admissionAttributes(
    request,
    "CONNECT",
    { dryRun: false },
    {
      object: options as KubeObject,
      oldObject: undefined,
      kind: { group: "", version: "v1", kind: options.kind ?? "" },
    },
  )
  // The objects of CONNECT have no metadata: their name is that of the path.
  const named = { ...attributes, name: request.name }
  const object = await admission.mutate(named)
  await admission.validate({ ...named, object })
}

async function getPod(request: ResourceRequest): Promise<Pod> {
  const { served, context, name } = request
  const stored = await served.registry.read(keyOf(request), context.signal)
  if (!stored) throw notFound(served.resource, name)
  return objectAs(served, stored) as unknown as Pod
}

async function kubeletTarget(request: ResourceRequest, pod: Pod, path: string): Promise<BackendTarget> {
  const { nodeName } = pod.spec
  if (!nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  const { resources } = request.context.server
  const served = resources.get(Node)
  const stored = await served.registry.read(keyIn(served, "", nodeName), request.context.signal)
  if (!stored) throw notFound(Node, nodeName)
  const node = objectAs(served, stored) as unknown as Node
  const takesWebSockets = node.status?.declaredFeatures?.includes("ExtendWebSocketsToKubelet") ?? false
  return { url: new URL(kubeletOrigin(node) + path), isKubelet: true, takesWebSockets }
}

function requireUpgrade({ context }: ResourceRequest): void {
  if (!context.request.upgrade) throw badRequest("Upgrade request required")
}

function countWebSocket({ context }: ResourceRequest, target: BackendTarget, subresource: string): void {
  if (headerOf(context.request.headers, "upgrade").toLowerCase() !== "websocket") return
  context.server.metrics.requests.webSocket(subresource, target.takesWebSockets === true)
}

export function backendsOf({ context }: ResourceRequest): Backends {
  const { backends } = context.server
  if (!backends) throw serviceUnavailable("this server reaches no nodes: it runs without a network")
  return backends
}
