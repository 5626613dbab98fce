import { DaemonSet } from "../../src/api/apps/v1/daemon-set.ts"
import { Deployment } from "../../src/api/apps/v1/deployment.ts"
import { StatefulSet } from "../../src/api/apps/v1/stateful-set.ts"
import { Job } from "../../src/api/batch/v1/job.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import { PodDisruptionBudget } from "../../src/api/policy/v1/pod-disruption-budget.ts"
import { controllerOf, keyOf } from "../../src/apimachinery/meta.ts"
import type { Resource } from "../../src/apimachinery/resource.ts"
import { ignoreNotFound, isStatusError } from "../../src/apimachinery/status-error.ts"
import { type Clock, sleep } from "../../src/base/clock.ts"
import type { Client } from "../../src/client/client.ts"
import type { Placed, UserOperation } from "./operation.ts"
import { claimTemplates, selecting, templateFor } from "./templates.ts"

/** How many of a Job's pods fail; kubelets read it. */
export const failuresAnnotation = "simulation.coracle.dev/failures"

const resources = { deployments: Deployment, statefulsets: StatefulSet, daemonsets: DaemonSet, jobs: Job }

function workload(name: string): Resource {
  return resources[name as keyof typeof resources]
}

const placeOf = (operation: Placed & { readonly name: string }) => ({
  namespace: operation.in ?? "default",
  name: operation.name,
})

/** Does what a user wants. The user's road has no faults, but what is wanted may be gone. */
export async function perform(operation: UserOperation, client: Client, clock: Clock): Promise<void> {
  switch (operation.kind) {
    case "create-deployment":
      return createDeployment(operation, client)
    case "create-statefulset":
      return createStatefulSet(operation, client)
    case "create-daemonset":
      return createDaemonSet(operation, client)
    case "create-job":
      return createJob(operation, client)
    case "create-service": {
      const spec = { selector: { app: operation.app }, ports: [{ port: 80 }] }
      await client.create(Service, { metadata: placeOf(operation), spec })
      return
    }
    case "create-budget": {
      const { app, minAvailable } = operation
      const spec = { minAvailable, selector: selecting(app) }
      await client.create(PodDisruptionBudget, { metadata: placeOf(operation), spec })
      return
    }
    case "scale": {
      const body = { spec: { replicas: operation.replicas } }
      await client.patch(workload(operation.workload), placeOf(operation), { type: "merge", body })
      return
    }
    case "roll": {
      const annotations = { version: String(operation.version) }
      const body = { spec: { template: { metadata: { annotations } } } }
      await client.patch(workload(operation.workload), placeOf(operation), { type: "merge", body })
      return
    }
    case "delete": {
      const propagationPolicy = operation.foreground ? "Foreground" : "Background"
      await client.delete(workload(operation.workload), placeOf(operation), { propagationPolicy })
      return
    }
    case "delete-pod": {
      const pod = await pickPod(client, operation.pick)
      if (pod) await client.delete(Pod, keyOf(pod))
      return
    }
    case "evict": {
      const pod = await pickPod(client, operation.pick)
      if (pod) await evict(client, pod)
      return
    }
    case "cordon":
      return cordon(client, operation.node, operation.unschedulable)
    case "drain":
      return drain(client, clock, operation.node)
    case "create-namespace":
      await client.create(Namespace, { metadata: { name: operation.name } })
      return
    case "delete-namespace":
      await client.delete(Namespace, { name: operation.name })
      return
  }
}

type OperationOf<K extends UserOperation["kind"]> = Extract<UserOperation, { readonly kind: K }>

async function createDeployment(operation: OperationOf<"create-deployment">, client: Client): Promise<void> {
  const { name, replicas, rolling } = operation
  const strategy = rolling
    ? ({ type: "RollingUpdate", rollingUpdate: { ...rolling } } as const)
    : ({ type: "Recreate" } as const)
  const spec = { replicas, strategy, selector: selecting(name), template: templateFor(name) }
  await client.create(Deployment, { metadata: placeOf(operation), spec })
}

async function createStatefulSet(
  operation: OperationOf<"create-statefulset">,
  client: Client,
): Promise<void> {
  const { name, replicas, parallel, claims } = operation
  const spec = {
    replicas,
    podManagementPolicy: parallel ? ("Parallel" as const) : ("OrderedReady" as const),
    serviceName: name,
    selector: selecting(name),
    template: templateFor(name),
    ...(claims && {
      volumeClaimTemplates: claimTemplates(),
      persistentVolumeClaimRetentionPolicy: claims,
    }),
  }
  await client.create(StatefulSet, { metadata: placeOf(operation), spec })
}

async function createDaemonSet(operation: OperationOf<"create-daemonset">, client: Client): Promise<void> {
  const { name, rolling } = operation
  const spec = {
    selector: selecting(name),
    template: templateFor(name),
    ...(rolling && { updateStrategy: { type: "RollingUpdate" as const, rollingUpdate: { ...rolling } } }),
  }
  await client.create(DaemonSet, { metadata: placeOf(operation), spec })
}

async function createJob(operation: OperationOf<"create-job">, client: Client): Promise<void> {
  const { name, completions, parallelism, indexed, failures } = operation
  const template = templateFor(name)
  await client.create(Job, {
    metadata: placeOf(operation),
    spec: {
      completions,
      parallelism,
      backoffLimit: 20,
      completionMode: indexed ? "Indexed" : "NonIndexed",
      template: {
        metadata: { ...template.metadata, annotations: { [failuresAnnotation]: String(failures) } },
        spec: { ...template.spec, restartPolicy: "Never" },
      },
    },
  })
}

/** The pod at this place, counted round. */
async function pickPod(client: Client, pick: number): Promise<Pod | undefined> {
  const { items } = await client.list(Pod)
  return items[pick % items.length]
}

async function cordon(client: Client, node: number, unschedulable: boolean): Promise<void> {
  const body = { spec: { unschedulable } }
  await client.patch(Node, { name: `node-${node}` }, { type: "merge", body })
}

async function evict(client: Client, pod: Pod): Promise<void> {
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: keyOf(pod) }
  await client.createSubresource(Pod, keyOf(pod), "eviction", body)
}

/** As `kubectl drain` does: what a budget refuses is asked for again, what daemons run stays. */
async function drain(client: Client, clock: Clock, node: number): Promise<void> {
  await cordon(client, node, true)
  for (let tries = 0; tries < 10; tries++) {
    const { items } = await client.list(Pod, { fieldSelector: `spec.nodeName=node-${node}` })
    const toGo = items.filter(
      (pod) => controllerOf(pod)?.kind !== "DaemonSet" && !pod.metadata.deletionTimestamp,
    )
    if (toGo.length === 0) return
    for (const pod of toGo)
      await evict(client, pod)
        .catch(ignoreNotFound)
        .catch((error: unknown) => {
          if (!isStatusError(error, "TooManyRequests")) throw error
        })
    await sleep(clock, 2000)
  }
}
