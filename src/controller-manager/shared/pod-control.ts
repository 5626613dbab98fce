import { type Draft, type KubeObject, keyOf } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { Pod, type PodTemplateSpec } from "../../api/core/v1/pod.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { controllerReference } from "./owner.ts"
import { messageOf } from "../../base/message-of.ts"

// Creating and deleting pods with the events that `kubectl describe` of their owner shows.

/** The pod that a template makes for its owner. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject): Draft<Pod> {
  const { labels, annotations, finalizers } = template.metadata
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  }
}

/** Creates a pod of `owner`. Throws what the server says, after telling people. */
export async function createPod(
  { client, events }: Pick<ReconcileContext, "client" | "events">,
  owner: KubeObject,
  pod: Draft<Pod>,
): Promise<Pod> {
  try {
    const created = await client.create(Pod, pod)
    events.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`)
    return created
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.event(owner, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`)
    throw error
  }
}

/** Deletes a pod of `owner`; one that has gone already is fine. */
export async function deletePod(
  { client, events }: Pick<ReconcileContext, "client" | "events">,
  owner: KubeObject,
  pod: Pod,
): Promise<void> {
  try {
    await client.delete(Pod, keyOf(pod), { preconditions: { uid: pod.metadata.uid } })
    events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`)
  } catch (error) {
    // Gone, or gone and followed by another of the same name.
    if (isStatusError(error, "NotFound", "Conflict")) return
    events.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`)
    throw error
  }
}

export function ignoreNamespaceTerminating(error: unknown): undefined {
  if (isNamespaceTerminating(error)) return undefined
  throw error
}
