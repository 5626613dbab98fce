import { DaemonSet } from "../../../src/api/apps/v1/daemon-set.ts"
import { Deployment } from "../../../src/api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../../src/api/apps/v1/replica-set.ts"
import { StatefulSet } from "../../../src/api/apps/v1/stateful-set.ts"
import { Job } from "../../../src/api/batch/v1/job.ts"
import { Namespace } from "../../../src/api/core/v1/namespace.ts"
import { Node } from "../../../src/api/core/v1/node.ts"
import { isNodeReady } from "../../../src/api/core/v1/is-node-ready.ts"
import { Pod } from "../../../src/api/core/v1/pod.ts"
import { Service } from "../../../src/api/core/v1/service.ts"
import type { Client } from "../../../src/client/client.ts"
import type { KubeObject } from "../../../src/apimachinery/meta.ts"
import { get } from "../../e2e/load.ts"
import type { Wishes, Workload } from "../churn/wishes.ts"

/** What is not as it was wished for, in words; empty: the cluster has followed. */
export async function findProblems(client: Client, wishes: Wishes): Promise<string[]> {
  const ours = ({ metadata }: KubeObject) => (metadata.namespace ?? metadata.name).startsWith("soak-")
  const [nodes, namespaces, pods, deployments, replicaSets, statefulSets, daemonSets, jobs, services] =
    await Promise.all([
      client.list(Node),
      client.list(Namespace),
      client.list(Pod),
      client.list(Deployment),
      client.list(ReplicaSet),
      client.list(StatefulSet),
      client.list(DaemonSet),
      client.list(Job),
      client.list(Service),
    ])
  const workloads = new Map<string, Deployment | StatefulSet | DaemonSet>()
  for (const each of [...deployments.items, ...statefulSets.items, ...daemonSets.items])
    if (ours(each)) workloads.set(nameOf(each), each)
  const owners = new Set(
    [...workloads.values(), ...replicaSets.items, ...jobs.items].map(({ metadata }) => metadata.uid),
  )
  return [
    ...nodes.items
      .filter((node) => !isNodeReady(node))
      .map(({ metadata }) => `node ${metadata.name} is not ready`),
    ...namespaces.items
      .filter((each) => ours(each) && !wishes.namespaces.has(each.metadata.name))
      .map(({ metadata }) => `namespace ${metadata.name} is still there`),
    ...[...wishes.workloads.values()].flatMap((wish) =>
      judgeWorkload(wish, workloads.get(nameOf({ metadata: wish }))),
    ),
    ...[...workloads.keys()]
      .filter((name) => !wishes.workloads.has(name))
      .map((name) => `${name} is still there`),
    ...[...wishes.jobs.values()].flatMap((wish) => {
      const job = jobs.items.find(({ metadata }) => nameOf({ metadata }) === nameOf({ metadata: wish }))
      const succeeded = job?.status.succeeded ?? 0
      return succeeded === wish.completions ? [] : [`job ${wish.name}: ${succeeded} of ${wish.completions}`]
    }),
    ...pods.items.filter(ours).flatMap((pod) => judgePod(pod, wishes, owners)),
    ...(await unreachable(services.items.filter(ours), wishes)),
  ]
}

const nameOf = ({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string }
}) => `${metadata.namespace}/${metadata.name}`

function judgeWorkload(wish: Workload, found: Deployment | StatefulSet | DaemonSet | undefined): string[] {
  if (!found) return [`${nameOf({ metadata: wish })} is gone`]
  const { status, metadata } = found
  const counts =
    "desiredNumberScheduled" in status
      ? [status.updatedNumberScheduled, status.numberReady, status.desiredNumberScheduled]
      : [status.updatedReplicas, status.readyReplicas, status.replicas]
  const wanted = "desiredNumberScheduled" in status ? status.desiredNumberScheduled : wish.replicas
  const isCurrent = status.observedGeneration === metadata.generation
  if (isCurrent && counts.every((count) => (count ?? 0) === wanted)) return []
  return [
    `${nameOf(found)} has ${counts.map((count) => count ?? 0).join("/")} of ${wanted} updated/ready/all`,
  ]
}

function judgePod(pod: Pod, wishes: Wishes, owners: ReadonlySet<string>): string[] {
  const { metadata, status } = pod
  const name = nameOf(pod)
  if (metadata.deletionTimestamp) return [`pod ${name} terminates since ${metadata.deletionTimestamp}`]
  const owner = metadata.ownerReferences?.[0]
  if (owner && !owners.has(owner.uid)) return [`pod ${name} has lost its owner`]
  if (owner || wishes.crashing.has(name)) return []
  return [`pod ${name} (${status.phase}) is nobody's`]
}

/** Every Service with ready pods answers, from this machine; those that policies hide do not count. */
async function unreachable(services: readonly Service[], wishes: Wishes): Promise<string[]> {
  const asked = services.filter(({ metadata, spec }) => {
    const wish = wishes.workloads.get(nameOf({ metadata }))
    const isOpen = !wishes.isolated.has(metadata.namespace ?? "")
    return isOpen && wish && (wish.replicas > 0 || wish.kind === "DaemonSet") && spec.clusterIP !== "None"
  })
  const answers = await Promise.all(
    asked.map(({ metadata, spec }) =>
      get(spec.clusterIP!, 80).then(
        () => [],
        (error: Error) => [`Service ${nameOf({ metadata })} does not answer: ${error.message}`],
      ),
    ),
  )
  return answers.flat()
}
