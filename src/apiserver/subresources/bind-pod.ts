import { BindingSchema, type Binding } from "../../api/core/v1/binding.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import {
  type FieldError,
  formatFieldErrors,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, conflict, notFound } from "../../apimachinery/status-errors.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { created, respondStatus } from "../encoding/respond-plain.ts"
import { admissionAttributes } from "../handlers/admit.ts"
import { ensureNamespace } from "../handlers/prepare-create.ts"
import { parseWriteOptions } from "../handlers/write-options.ts"
import type { ServerResponse } from "../http/response.ts"
import { keyIn, type ResourceRequest } from "../resource-request.ts"

const bindingKind = { group: "", version: "v1", kind: "Binding", schema: BindingSchema }

/** POST pods/NAME/binding, and the older POST bindings: puts a pod on a node, once. */
export async function bindPod(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served } = request
  const options = parseWriteOptions(context.request.query, "CreateOptions")
  const draft = await decodeBody(context, bindingKind, options.fieldValidation)
  ensureNamespace(draft, true, request.namespace)
  if (request.name && draft.metadata.name !== request.name) {
    throw badRequest("name in URL does not match name in Binding object")
  }
  const name = request.name || draft.metadata.name
  const named = { ...request, name }
  const attributes = admissionAttributes(named, "CREATE", options, {
    object: draft,
    oldObject: undefined,
    kind: bindingKind,
  })
  const admitted = ((await context.server.admission.mutate(attributes)) ?? draft) as unknown as Binding
  await context.server.admission.validate({ ...attributes, object: admitted })
  validateBinding(admitted)

  const now = formatTime(context.server.clock.now())
  const { registry } = context.server.resources.get({ group: "", version: "v1", plural: "pods" })
  await registry.change(
    keyIn({ ...served, resource: registry.storage }, request.namespace, name),
    (stored) => {
      if (!stored) throw notFound(registry.storage, name)
      return {
        kind: "put",
        object: bound(stored.object as unknown as Pod, admitted, now) as unknown as KubeObject,
      }
    },
    { dryRun: options.dryRun, signal: context.signal },
  )
  return respondStatus(context, 201, created)
}

/** Upstream gives these to nobody who would make a Status of them. */
function validateBinding({ target }: Binding): void {
  const errors: FieldError[] = []
  if (target.kind && target.kind !== "Node") {
    errors.push(unsupportedValue("target.kind", target.kind, ["Node", "<empty>"]))
  }
  if (!target.name) errors.push(requiredValue("target.name"))
  if (errors.length > 0) throw new StatusError("Unknown", formatFieldErrors(errors), { code: 500 })
}

function bound(pod: Pod, { metadata, target }: Binding, now: string): Pod {
  const { name, uid, resourceVersion } = pod.metadata
  const refuse = (why: string) => conflict({ group: "", plural: "pods/binding" }, name, why)
  if (metadata.uid && metadata.uid !== uid) {
    throw refuse(`Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`)
  }
  if (metadata.resourceVersion && metadata.resourceVersion !== resourceVersion) {
    throw refuse(
      `Precondition failed: ResourceVersion in precondition: ${metadata.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    )
  }
  if (pod.metadata.deletionTimestamp)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`)
  if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const { nominatedNodeName: _, ...status } = pod.status
  const others = (status.conditions ?? []).filter(({ type }) => type !== "PodScheduled")
  const scheduled = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null as unknown as string,
    lastTransitionTime: now,
  }
  // What stays as it is is shared with the pod as it was: a cluster binds thousands of them.
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(metadata.annotations && { annotations: { ...pod.metadata.annotations, ...metadata.annotations } }),
      ...(metadata.labels && { labels: { ...pod.metadata.labels, ...metadata.labels } }),
    },
    spec: { ...pod.spec, nodeName: target.name ?? "" },
    // The node that was expected has come about, or another.
    status: { ...status, conditions: [...others, scheduled] },
  }
}
