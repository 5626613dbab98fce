import { integer, type Random } from "../../../src/base/random.ts"
import { DaemonSet } from "../../../src/api/apps/v1/daemon-set.ts"
import { Deployment } from "../../../src/api/apps/v1/deployment.ts"
import { StatefulSet } from "../../../src/api/apps/v1/stateful-set.ts"
import { Job } from "../../../src/api/batch/v1/job.ts"
import { ConfigMap } from "../../../src/api/core/v1/config-map.ts"
import { Namespace } from "../../../src/api/core/v1/namespace.ts"
import { Pod } from "../../../src/api/core/v1/pod.ts"
import { Secret } from "../../../src/api/core/v1/secret.ts"
import { Service } from "../../../src/api/core/v1/service.ts"
import { ServiceAccount } from "../../../src/api/core/v1/service-account.ts"
import { NetworkPolicy } from "../../../src/api/networking/v1/network-policy.ts"
import type { KubeObject } from "../../../src/apimachinery/meta.ts"
import type { Resource } from "../../../src/apimachinery/resource.ts"
import { ignoreNotFound } from "../../../src/apimachinery/status-error.ts"
import { eventually } from "../../e2e/cluster.ts"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { crashingPodSpec, denyAll, jobSpec, serviceSpec, workloadSpec } from "./manifests.ts"
import type { Wishes, Workload, WorkloadKind } from "./wishes.ts"

export interface Churn {
  readonly cluster: ClusterUnderSoak
  readonly wishes: Wishes
  readonly random: Random
  /** How many pods there may be. */
  readonly podLimit: number
}

/** What a user does; gives what was done, in words, or undefined where there was nothing to do it to. */
export type Operation = (churn: Churn) => Promise<string | undefined>

/** How often each comes, against the others. */
export const operations: readonly (readonly [weight: number, name: string, operation: Operation])[] = [
  [5, "create", (churn) => createWorkload(churn)],
  [4, "scale", scale],
  [4, "roll", roll],
  [3, "delete", deleteWorkload],
  [3, "job", createJob],
  [2, "delete job", deleteJob],
  [2, "crashing pod", createCrashingPod],
  [2, "delete crashing pod", deleteCrashingPod],
  [2, "policy", togglePolicy],
  [3, "exec", execInPod],
  [3, "logs", readLogs],
  [2, "port-forward", forwardPort],
  [3, "delete pod", deletePod],
  [1, "new namespace", createNamespace],
  [1, "delete namespace", deleteNamespace],
]

const kinds = { Deployment, StatefulSet, DaemonSet } as const
const resourceOf = (kind: WorkloadKind) => kinds[kind] as unknown as Resource

function pick<T>(random: Random, items: Iterable<T>): T | undefined {
  const all = [...items]
  return all[integer(random, all.length)]
}

/** Objects here are documents: what they may say is the server's business. */
export function create(
  { cluster }: Pick<Churn, "cluster">,
  resource: unknown,
  metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> },
  content: object,
): Promise<KubeObject> {
  return cluster.client.create(resource as Resource, { metadata, ...content })
}

export async function createNamespace(churn: Churn): Promise<string | undefined> {
  const { wishes, cluster } = churn
  if (wishes.namespaces.size >= 3) return undefined
  const name = wishes.name("soak")
  await create(churn, Namespace, { name }, {})
  await create(churn, ConfigMap, { name: "config", namespace: name }, { data: { a: "1", b: "2" } })
  await create(churn, Secret, { name: "secret", namespace: name }, { stringData: { key: "value" } })
  await eventually(() => cluster.client.get(ServiceAccount, { namespace: name, name: "default" }))
  wishes.namespaces.add(name)
  return name
}

async function deleteNamespace({ wishes, cluster, random }: Churn): Promise<string | undefined> {
  const name = wishes.namespaces.size > 1 ? pick(random, wishes.namespaces) : undefined
  if (!name) return undefined
  wishes.removeNamespace(name)
  await cluster.client.delete(Namespace, { name })
  return name
}

export async function createWorkload(churn: Churn, wanted?: WorkloadKind): Promise<string | undefined> {
  const { wishes, random, cluster, podLimit } = churn
  const namespace = pick(random, wishes.namespaces)
  if (!namespace || wishes.pods(cluster.nodes.length) >= podLimit) return undefined
  const kind = wanted ?? pick<WorkloadKind>(random, ["Deployment", "Deployment", "StatefulSet", "DaemonSet"])!
  const name = wishes.name(kind.toLowerCase())
  const workload = { kind, namespace, name, replicas: 1 + integer(random, 3), version: 1 }
  await create(churn, resourceOf(kind), { name, namespace }, { spec: workloadSpec(workload) })
  wishes.set(workload)
  await create(churn, Service, { name, namespace }, { spec: serviceSpec(workload, random.next() < 0.3) })
  return `${namespace}/${name}`
}

async function scale({ wishes, random, cluster, podLimit }: Churn): Promise<string | undefined> {
  const workload = pick(
    random,
    [...wishes.workloads.values()].filter(({ kind }) => kind !== "DaemonSet"),
  )
  if (!workload) return undefined
  const isFull = wishes.pods(cluster.nodes.length) >= podLimit
  const replicas = integer(random, isFull ? workload.replicas : 5)
  await change(cluster, workload, { spec: { replicas } })
  wishes.set({ ...workload, replicas })
  return `${workload.namespace}/${workload.name} to ${replicas}`
}

async function roll({ wishes, random, cluster }: Churn): Promise<string | undefined> {
  const workload = pick(random, wishes.workloads.values())
  if (!workload) return undefined
  const next = { ...workload, version: workload.version + 1 }
  await change(cluster, workload, {
    spec: { template: (workloadSpec(next) as { template: object }).template },
  })
  wishes.set(next)
  return `${workload.namespace}/${workload.name} to version ${next.version}`
}

async function change(
  cluster: ClusterUnderSoak,
  { kind, namespace, name }: Workload,
  body: object,
): Promise<void> {
  await cluster.client.patch(resourceOf(kind), { namespace, name }, { type: "strategic", body })
}

async function deleteWorkload({ wishes, random, cluster }: Churn): Promise<string | undefined> {
  const workload = pick(random, wishes.workloads.values())
  if (!workload) return undefined
  const { kind, namespace, name } = workload
  wishes.remove(workload)
  const propagationPolicy = random.next() < 0.5 ? "Foreground" : "Background"
  await cluster.client.delete(resourceOf(kind), { namespace, name }, { propagationPolicy })
  await cluster.client.delete(Service, { namespace, name }).catch(ignoreNotFound)
  return `${namespace}/${name}`
}

async function createJob(churn: Churn): Promise<string | undefined> {
  const { wishes, random } = churn
  const namespace = pick(random, wishes.namespaces)
  if (!namespace || wishes.jobs.size >= 3) return undefined
  const job = { namespace, name: wishes.name("job"), completions: 1 + integer(random, 4) }
  await create(churn, Job, { name: job.name, namespace }, { spec: jobSpec(job) })
  wishes.jobs.set(`${namespace}/${job.name}`, job)
  return `${namespace}/${job.name}`
}

async function deleteJob({ wishes, random, cluster }: Churn): Promise<string | undefined> {
  const job = pick(random, wishes.jobs.values())
  if (!job) return undefined
  const { namespace, name } = job
  wishes.remove(job)
  await cluster.client.delete(Job, { namespace, name }, { propagationPolicy: "Background" })
  return `${namespace}/${name}`
}

async function createCrashingPod(churn: Churn): Promise<string | undefined> {
  const { wishes, random } = churn
  const namespace = pick(random, wishes.namespaces)
  if (!namespace || wishes.crashing.size >= 2) return undefined
  const pod = { namespace, name: wishes.name("crashing") }
  await create(churn, Pod, { name: pod.name, namespace }, { spec: crashingPodSpec() })
  wishes.crashing.set(`${namespace}/${pod.name}`, pod)
  return `${namespace}/${pod.name}`
}

async function deleteCrashingPod({ wishes, random, cluster }: Churn): Promise<string | undefined> {
  const pod = pick(random, wishes.crashing.values())
  if (!pod) return undefined
  wishes.remove(pod)
  await cluster.client.delete(Pod, pod)
  return `${pod.namespace}/${pod.name}`
}

async function togglePolicy(churn: Churn): Promise<string | undefined> {
  const { wishes, random, cluster } = churn
  const namespace = pick(random, wishes.namespaces)
  if (!namespace) return undefined
  const key = { namespace, name: "deny-all" }
  if (wishes.isolated.delete(namespace)) {
    await cluster.client.delete(NetworkPolicy, key)
    return `${namespace} open`
  }
  await create(churn, NetworkPolicy, key, { spec: denyAll })
  wishes.isolated.add(namespace)
  return `${namespace} isolated`
}

/** A pod that runs now: it may be gone by the time it is asked. */
async function runningPod({ wishes, random, cluster }: Churn): Promise<Pod | undefined> {
  const namespace = pick(random, wishes.namespaces)
  if (!namespace) return undefined
  const { items } = await cluster.client.list(Pod, { namespace, fieldSelector: "status.phase=Running" })
  return pick(
    random,
    items.filter(({ metadata }) => !metadata.deletionTimestamp && metadata.labels?.["app"]),
  )
}

async function execInPod(churn: Churn): Promise<string | undefined> {
  const pod = await runningPod(churn)
  if (!pod) return undefined
  const { name, namespace } = pod.metadata
  // One that is cut off in the middle must not leave its process behind.
  const script = churn.random.next() < 0.5 ? "echo hello" : "sleep 20"
  const child = churn.cluster.kubectl.start(`-n ${namespace} exec ${name} -c main -- sh -c '${script}'`)
  await endAfter(child, 1500)
  return `${namespace}/${name} ${script}`
}

async function readLogs(churn: Churn): Promise<string | undefined> {
  const pod = await runningPod(churn)
  if (!pod) return undefined
  const { name, namespace } = pod.metadata
  const follow = churn.random.next() < 0.5 ? "--follow" : "--tail=5"
  const child = churn.cluster.kubectl.start(`-n ${namespace} logs ${name} -c main ${follow}`)
  await endAfter(child, 1000)
  return `${namespace}/${name} ${follow}`
}

async function forwardPort(churn: Churn): Promise<string | undefined> {
  const pod = await runningPod(churn)
  if (!pod) return undefined
  const { name, namespace } = pod.metadata
  const child = churn.cluster.kubectl.start(`-n ${namespace} port-forward pod/${name} :8080`)
  const answered = new Promise<string>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      const port = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())?.[1]
      if (port)
        fetch(`http://127.0.0.1:${port}/`).then(
          async (answer) => resolve((await answer.text()).trim()),
          () => resolve("no answer"),
        )
    })
    child.once("exit", () => resolve("ended"))
    setTimeout(() => resolve("too late"), 3000)
  })
  const text = await answered
  await endAfter(child, 0)
  return `${namespace}/${name}: ${text}`
}

function endAfter(child: ReturnType<ClusterUnderSoak["kubectl"]["start"]>, delayMs: number): Promise<void> {
  // One that is over already says so no more.
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.stdout?.resume()
    child.stderr?.resume()
    const timer = setTimeout(() => child.kill("SIGKILL"), delayMs)
    child.once("exit", () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function deletePod(churn: Churn): Promise<string | undefined> {
  const pod = await runningPod(churn)
  if (!pod) return undefined
  const { name, namespace = "", uid } = pod.metadata
  const gracePeriodSeconds = integer(churn.random, 2)
  await churn.cluster.client.delete(Pod, { namespace, name }, { gracePeriodSeconds, preconditions: { uid } })
  return `${namespace}/${name} grace ${gracePeriodSeconds}`
}
