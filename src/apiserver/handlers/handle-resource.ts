import { groupResource } from "../../apimachinery/resource.ts"
import { methodNotSupported, noSuchMethod } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { mainView, statusView, type View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { approvalView } from "../subresources/approval-view.ts"
import { ephemeralContainersView, resizeView } from "../subresources/pod-views.ts"
import { bindPod } from "../subresources/bind-pod.ts"
import { createToken } from "../subresources/create-token.ts"
import { evictPod } from "../subresources/evict-pod.ts"
import { answerReview, isReview } from "../subresources/reviews.ts"
import { finalizeView } from "../subresources/finalize-view.ts"
import { scaleView } from "../subresources/scale-view.ts"
import { negotiate, requireKnownType } from "../encoding/negotiate.ts"
import { attachToPod, execInPod, forwardPodPorts, readPodLog } from "../streaming/connect-pod.ts"
import { proxyToNode, proxyToPod, proxyToService } from "../streaming/proxy.ts"
import { deprecationOf } from "./deprecations.ts"
import { create } from "./create.ts"
import { deleteOne } from "./delete.ts"
import { deleteCollection } from "./delete-collection.ts"
import { get } from "./get.ts"
import { list } from "./list.ts"
import { findPath } from "./offered-verbs.ts"
import { patch, patchTypeOf } from "./patch.ts"
import { readComputed } from "./read-computed.ts"
import { update } from "./update.ts"
import { watch } from "./watch.ts"

type VerbHandler = (request: ResourceRequest, view: View) => Promise<ServerResponse>

/** Subresources that show and take a part of the object, beside status and scale. */
const subresourceViews: Readonly<Record<string, (served: ServedResource) => View>> = {
  "namespaces/finalize": finalizeView,
  "pods/ephemeralcontainers": ephemeralContainersView,
  "pods/resize": resizeView,
  "certificatesigningrequests.certificates.k8s.io/approval": approvalView,
}

/** Subresources that are an action: "VERB RESOURCE/NAME". */
const actions: Readonly<Record<string, (request: ResourceRequest) => Promise<ServerResponse>>> = {
  "create pods/binding": bindPod,
  "create bindings": bindPod,
  "create serviceaccounts/token": createToken,
  "create pods/eviction": evictPod,
}

/** Subresources behind which another server answers, in its own format. */
const connections: Readonly<Record<string, (request: ResourceRequest) => Promise<ServerResponse>>> = {
  "pods/log": readPodLog,
  "pods/exec": execInPod,
  "pods/attach": attachToPod,
  "pods/portforward": forwardPodPorts,
  "pods/proxy": proxyToPod,
  "services/proxy": proxyToService,
  "nodes/proxy": proxyToNode,
}

const verbHandlers: Readonly<Record<string, VerbHandler>> = {
  get,
  list,
  watch,
  create,
  update,
  patch,
  delete: deleteOne,
  deletecollection: deleteCollection,
}

/** Undefined: there is no such path. Throws StatusError for a method that means nothing there. */
export function handleResource(context: RequestContext): Promise<ServerResponse> | undefined {
  const { info, server } = context
  const { resource, verb, subresource, name } = info
  const served = server.resources.find(info.group, info.version, resource)
  if (!served) return undefined
  const found = findPath(served, info, context.request.method)
  if (found === "no such path") return undefined
  if (found === "wrong method")
    throw served.isCustom ? methodNotSupported(served.resource, verb) : noSuchMethod()
  const namespace = served.resource.namespaced ? info.namespace : ""
  const request: ResourceRequest = { context, served, namespace, name, subresource }
  const path = groupResource(served.resource) + (subresource && `/${subresource}`)
  const connect = connections[path]
  if (connect) return connect(request)
  const isQuestion = isReview(served.resource)
  if (verb === "patch") patchTypeOf(context, served)
  requireKnownType(context.request, verb === "watch" || verb === "list")
  warnOfDeprecation(request)
  context.format = negotiate(context, { mayTransform: !isQuestion, isCustom: served.isCustom })
  if (isQuestion) return answerReview(request)
  const computed = server.computed.get(path)
  if (computed) return readComputed(request, computed)
  const action = actions[`${verb} ${path}`]
  if (action) return action(request)
  return verbHandlers[verb]!(request, viewOf(served, subresource))
}

function warnOfDeprecation({ context, served, subresource }: ResourceRequest): void {
  const deprecation = served.deprecationWarning ?? deprecationOf(served.resource)
  if (!deprecation) return
  context.warnings.push(deprecation)
  context.server.metrics.requests.deprecatedAsked(served.resource, subresource)
}

function viewOf(served: ServedResource, subresource: string): View {
  const { resource } = served
  switch (subresource) {
    case "":
      return mainView(served)
    case "status":
      return statusView(served)
    case "scale":
      return scaleView(served, resource.scale!)
    default:
      return subresourceViews[`${groupResource(resource)}/${subresource}`]!(served)
  }
}
