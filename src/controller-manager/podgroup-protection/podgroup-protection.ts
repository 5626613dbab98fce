/**
 * PodGroup protection: a PodGroup that is deleted stays until the last of its pods has ended, so that nobody is scheduled
 * by a group that is no longer there. Admission gives every new group the finalizer; nobody gets it later.
 *
 * Reads PodGroups and pods; writes the groups' finalizer. Woken by changes of groups and of pods that name one.
 */
import { Pod } from "../../api/core/v1/pod.ts"
import { podGroupProtectionFinalizer, PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasFinalizer, withoutFinalizer } from "../shared/finalizers.ts"

const index = "runningInGroup"

export const podGroupProtectionController: ControllerDefinition = {
  name: "podgroup-protection-controller",
  watches: [watch(PodGroup, (group) => [keyOf(group)]), watch(Pod, keysOfGroup, { [index]: runningInGroup })],
  reconcile,
}

async function reconcile(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const group = cache.find(PodGroup, key)
  if (!group?.metadata.deletionTimestamp || !hasFinalizer(group, podGroupProtectionFinalizer)) return done
  if (cache.byIndex(Pod, index, `${key.namespace}/${key.name}`).length > 0) return done
  await client.update(PodGroup, withoutFinalizer(group, podGroupProtectionFinalizer)).catch(ignoreNotFound)
  return done
}

function keysOfGroup({ metadata: { namespace }, spec }: Pod): readonly ObjectKey[] {
  const name = spec.schedulingGroup?.podGroupName
  return name === undefined ? [] : [{ namespace, name }]
}

/** Pods that have ended hold nothing. */
function runningInGroup(pod: Pod): readonly string[] {
  if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return []
  return keysOfGroup(pod).map(({ namespace, name }) => `${namespace}/${name}`)
}
