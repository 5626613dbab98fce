import type { ControllerRevision } from "../../api/apps/v1/controller-revision.ts"
import type { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { ReconcileContext } from "../../client/controller.ts"
import { templateOf } from "../revisions/revisions.ts"
import { isNamespaceTerminating } from "../../client/is-namespace-terminating.ts"
import { ensureClaims, hasStaleClaims } from "./claims.ts"
import { identityLabels, newPod, podNameOf } from "./identity.ts"
import type { Step } from "./plan.ts"
import { messageOf } from "../../base/message-of.ts"

export interface Revisions {
  readonly current: ControllerRevision
  readonly update: ControllerRevision
}

export async function applyStep(
  context: ReconcileContext,
  set: StatefulSet,
  step: Step,
  revisions: Revisions,
): Promise<void> {
  switch (step.kind) {
    case "create":
      return create(context, set, step.ordinal, revisions[step.revision])
    case "delete":
      return remove(context, set, step)
    case "claims":
      await ensureClaims(context, set, step.ordinal)
      return
    case "repair":
      return repair(context, set, step)
  }
}

async function create(
  context: ReconcileContext,
  set: StatefulSet,
  ordinal: number,
  revision: ControllerRevision,
): Promise<void> {
  const { client, events } = context
  // The claims that went with the replica before it have not gone yet: their end wakes the set.
  if (hasStaleClaims(context.cache, set, ordinal)) return
  const what = `Create Pod ${podNameOf(set, ordinal)} in StatefulSet ${set.metadata.name}`
  try {
    await ensureClaims(context, set, ordinal)
    await client.create(Pod, newPod(set, templateOf(revision), revision.metadata.name, ordinal))
    events.event(set, "Normal", "SuccessfulCreate", `${what} successful`)
  } catch (error) {
    // There already: of a stranger, or ours and not seen yet.
    if (isStatusError(error, "AlreadyExists")) throw error
    if (isNamespaceTerminating(error)) return
    events.event(set, "Warning", "FailedCreate", `${what} failed error: ${messageOf(error)}`)
    throw error
  }
}

async function remove(
  { client, events }: ReconcileContext,
  set: StatefulSet,
  { pod }: Extract<Step, { kind: "delete" }>,
): Promise<void> {
  const { name } = set.metadata
  const what = `Delete Pod ${pod.metadata.name} in StatefulSet ${name}`
  try {
    await client.delete(Pod, keyOf(pod), { preconditions: { uid: pod.metadata.uid } }).catch(ignoreNotFound)
    events.event(set, "Normal", "SuccessfulDelete", `${what} successful`)
  } catch (error) {
    events.event(set, "Warning", "FailedDelete", `${what} failed error: ${messageOf(error)}`)
    throw error
  }
}

async function repair(
  { client, events }: ReconcileContext,
  set: StatefulSet,
  { pod, ordinal }: Extract<Step, { kind: "repair" }>,
): Promise<void> {
  const labels = { ...pod.metadata.labels, ...identityLabels(pod.metadata.name, ordinal) }
  const what = `Update Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`
  try {
    await client.update(Pod, { ...pod, metadata: { ...pod.metadata, labels } })
    events.event(set, "Normal", "SuccessfulUpdate", `${what} successful`)
  } catch (error) {
    events.event(set, "Warning", "FailedUpdate", `${what} failed error: ${messageOf(error)}`)
    throw error
  }
}
