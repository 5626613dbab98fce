import { groupResource } from "../../apimachinery/resource.ts"
import type { RequestContext } from "../context.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { mainView, statusView, type View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { approvalView } from "../subresources/approval-view.ts"
import { ephemeralContainersView, resizeView } from "../subresources/pod-views.ts"
import { bindPod } from "../subresources/bind-pod.ts"
import { getComponentStatus, listComponentStatuses } from "../subresources/component-statuses.ts"
import { createToken } from "../subresources/create-token.ts"
import { evictPod } from "../subresources/evict-pod.ts"
import { answerReview, isReview } from "../subresources/reviews.ts"
import { finalizeView } from "../subresources/finalize-view.ts"
import { scaleView } from "../subresources/scale-view.ts"
import { negotiate } from "../encoding/negotiate.ts"
import { attachToPod, execInPod, forwardPodPorts, readPodLog } from "../streaming/connect-pod.ts"
import { proxyToNode, proxyToPod, proxyToService } from "../streaming/proxy.ts"
import { deprecationOf } from "./deprecations.ts"
import { create } from "./create.ts"
import { deleteOne } from "./delete.ts"
import { deleteCollection } from "./delete-collection.ts"
import { get } from "./get.ts"
import { list } from "./list.ts"
import { patch } from "./patch.ts"
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
  "list componentstatuses": listComponentStatuses,
  "get componentstatuses": getComponentStatus,
}

/** Subresources behind which another server answers, in its own format; with the verbs they may be asked with. */
const connections: Readonly<
  Record<string, { verbs?: readonly string[]; answer: (request: ResourceRequest) => Promise<ServerResponse> }>
> = {
  "pods/log": { verbs: ["get"], answer: readPodLog },
  "pods/exec": { verbs: ["get", "create"], answer: execInPod },
  "pods/attach": { verbs: ["get", "create"], answer: attachToPod },
  "pods/portforward": { verbs: ["get", "create"], answer: forwardPodPorts },
  "pods/proxy": { answer: proxyToPod },
  "services/proxy": { answer: proxyToService },
  "nodes/proxy": { answer: proxyToNode },
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

/** Undefined: there is no such path. */
export function handleResource(context: RequestContext): Promise<ServerResponse> | undefined {
  const { group, version, resource, verb, subresource, name } = context.info
  const served = context.server.resources.find(group, version, resource)
  if (!served) return undefined
  const request: ResourceRequest = {
    context,
    served,
    namespace: served.resource.namespaced ? context.info.namespace : "",
    name,
    subresource,
  }
  const deprecation = served.deprecationWarning ?? deprecationOf(served.resource)
  if (deprecation) context.warnings.push(deprecation)
  const path = groupResource(served.resource) + (subresource && `/${subresource}`)
  const connection = connections[path]
  if (connection) {
    if (connection.verbs?.includes(verb) === false) return notAllowed
    return connection.answer(request)
  }
  const isQuestion = subresource === "" && isReview(served.resource)
  context.format = negotiate(context, {
    isStream: verb === "watch",
    mayTransform: !isQuestion,
    isCustom: served.isCustom,
  })
  if (isQuestion) return verb === "create" ? answerReview(request) : notAllowed
  const action = actions[`${verb} ${path}`]
  if (action) return action(request)
  const view = viewOf(served, subresource)
  if (!view) return undefined
  const handler = verbHandlers[verb]
  if (!handler || !isOffered(served, verb, name, subresource)) return notAllowed
  return handler(request, view)
}

const notAllowed = Promise.resolve(textResponse(405, "405: Method Not Allowed"))

/** Collections are listed and created in, objects are read and changed; other methods have no meaning there. */
function isOffered(
  { resource, isCustom }: ServedResource,
  verb: string,
  name: string,
  subresource: string,
): boolean {
  // A definition that ends tells fewer verbs, but objects must be let go of.
  if (!isCustom && !resource.verbs.some((each) => each === verb)) return false
  if (verb === "create") return name === "" && subresource === ""
  const needsName = verb === "update" || verb === "patch"
  return !(needsName && name === "") && (subresource === "" || readAndWritten.has(verb))
}

const readAndWritten = new Set(["get", "update", "patch"])

function viewOf(served: ServedResource, subresource: string): View | undefined {
  if (subresource === "") return mainView(served)
  const { resource } = served
  if (subresource === "status" && resource.hasStatus) return statusView(served)
  if (subresource === "scale" && resource.scale) return scaleView(served, resource.scale)
  return subresourceViews[`${groupResource(resource)}/${subresource}`]?.(served)
}
