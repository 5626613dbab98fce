import type { DaemonSet } from "../src/api/apps/v1/daemon-set.ts"
import type { Deployment } from "../src/api/apps/v1/deployment.ts"
import type { StatefulSet } from "../src/api/apps/v1/stateful-set.ts"
import type { Job } from "../src/api/batch/v1/job.ts"
import type { Node } from "../src/api/core/v1/node.ts"
import type { PersistentVolume } from "../src/api/core/v1/persistent-volume.ts"
import type { Pod } from "../src/api/core/v1/pod.ts"
import type { KubeObject } from "../src/apimachinery/meta.ts"
import { isOver, isReady, nameOf } from "./checkers/checker.ts"
import type { Observed } from "./world/history.ts"

/** What is not as it was wished for yet, in words; nothing: everything has come to rest. */
export function whyPending(objects: Observed): string[] {
  return [
    ...objects.list<Node>("minions").flatMap(pendingNode),
    ...objects.list<Deployment>("deployments").flatMap(pendingDeployment),
    ...objects.list<StatefulSet>("statefulsets").flatMap(pendingStatefulSet),
    ...objects.list<DaemonSet>("daemonsets").flatMap(pendingDaemonSet),
    ...objects.list<Job>("jobs").flatMap(pendingJob),
    ...objects.list<Pod>("pods").flatMap(pendingPod),
    ...objects.list("replicasets").flatMap((each) => pendingDeletion("replicaset", each)),
    ...objects.list("namespaces").flatMap((each) => pendingDeletion("namespace", each)),
    ...objects.list("persistentvolumeclaims").flatMap((each) => pendingDeletion("claim", each)),
    ...objects.list<PersistentVolume>("persistentvolumes").flatMap(pendingVolume),
  ]
}

function pendingNode(node: Node): string[] {
  const { name } = node.metadata
  const taints = (node.spec.taints ?? []).map(({ key }) => key)
  const isNodeReady = node.status.conditions?.some(
    ({ type, status }) => type === "Ready" && status === "True",
  )
  return [
    ...(isNodeReady ? [] : [`node ${name} is not ready`]),
    ...(taints.length ? [`node ${name} has taints ${taints.join()}`] : []),
    ...(node.spec.podCIDR ? [] : [`node ${name} has no range for its pods`]),
  ]
}

function pendingDeployment(deployment: Deployment): string[] {
  const { spec, status } = deployment
  const replicas = spec.replicas ?? 1
  const { replicas: all = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status
  return [
    ...pendingDeletion("deployment", deployment),
    ...unseen("deployment", deployment, status.observedGeneration),
    ...(all === replicas && updated === replicas && available === replicas
      ? []
      : [
          `deployment ${nameOf(deployment)} wants ${replicas}: has ${all}, ${updated} updated, ${available} available`,
        ]),
  ]
}

function pendingStatefulSet(set: StatefulSet): string[] {
  const { spec, status } = set
  const replicas = spec.replicas ?? 1
  const { replicas: all = 0, readyReplicas: ready = 0, currentRevision, updateRevision } = status
  return [
    ...pendingDeletion("statefulset", set),
    ...unseen("statefulset", set, status.observedGeneration),
    ...(all === replicas && ready === replicas
      ? []
      : [`statefulset ${nameOf(set)} wants ${replicas}: has ${all}, ${ready} ready`]),
    ...(currentRevision === updateRevision
      ? []
      : [`statefulset ${nameOf(set)} is still at ${currentRevision}`]),
  ]
}

function pendingDaemonSet(set: DaemonSet): string[] {
  const {
    desiredNumberScheduled: wanted = 0,
    numberReady: ready = 0,
    updatedNumberScheduled: updated = 0,
  } = set.status
  return [
    ...pendingDeletion("daemonset", set),
    ...unseen("daemonset", set, set.status.observedGeneration),
    ...(ready === wanted && updated === wanted
      ? []
      : [`daemonset ${nameOf(set)} wants ${wanted}: ${ready} ready, ${updated} updated`]),
  ]
}

function pendingJob(job: Job): string[] {
  const isDone = job.status.conditions?.some(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  )
  const { active = 0, succeeded = 0, failed = 0 } = job.status
  return [
    ...pendingDeletion("job", job),
    ...(isDone
      ? []
      : [
          `job ${nameOf(job)} is not done: ${active} active, ${succeeded} of ${job.spec.completions} succeeded, ${failed} failed`,
        ]),
  ]
}

function pendingPod(pod: Pod): string[] {
  if (pod.metadata.deletionTimestamp) return pendingDeletion("pod", pod)
  if (isOver(pod) || isReady(pod)) return []
  const scheduled = pod.status.conditions?.find(({ type }) => type === "PodScheduled")
  const why = pod.spec.nodeName
    ? `on ${pod.spec.nodeName} is ${pod.status.phase}, not ready`
    : scheduled?.message
  return [`pod ${nameOf(pod)} ${why ?? "has no node and nobody says why"}`]
}

function pendingVolume(volume: PersistentVolume): string[] {
  const { phase = "Pending" } = volume.status
  return phase === "Bound" ? [] : [`volume ${nameOf(volume)} is ${phase}`]
}

function pendingDeletion(kind: string, object: KubeObject): string[] {
  const { deletionTimestamp, finalizers = [] } = object.metadata
  return deletionTimestamp
    ? [`${kind} ${nameOf(object)} is being deleted; finalizers [${finalizers.join()}]`]
    : []
}

function unseen(kind: string, { metadata, ...rest }: KubeObject, observed: number | undefined): string[] {
  const { generation = 0 } = metadata
  return (observed ?? 0) >= generation
    ? []
    : [`${kind} ${nameOf({ metadata, ...rest })}: generation ${generation} not seen, only ${observed}`]
}
