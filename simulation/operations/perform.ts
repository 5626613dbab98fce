import { DaemonSet } from "../../src/api/apps/v1/daemon-set.ts"
import { Deployment } from "../../src/api/apps/v1/deployment.ts"
import { StatefulSet } from "../../src/api/apps/v1/stateful-set.ts"
import { Job } from "../../src/api/batch/v1/job.ts"
import { Node } from "../../src/api/core/v1/node.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import { Service } from "../../src/api/core/v1/service.ts"
import type { Resource } from "../../src/apimachinery/resource.ts"
import type { Client } from "../../src/client/client.ts"
import type { UserOperation } from "./operation.ts"

export const namespace = "default"
/** How many of a Job's pods fail; kubelets read it. */
export const failuresAnnotation = "simulation.coracle.dev/failures"

const resources = { deployments: Deployment, statefulsets: StatefulSet, daemonsets: DaemonSet, jobs: Job }

function workload(name: string): Resource {
  return resources[name as keyof typeof resources]
}

/** Does what a user wants. The user's road has no faults, but what is wanted may be gone. */
export async function perform(operation: UserOperation, client: Client): Promise<void> {
  switch (operation.kind) {
    case "create-deployment": {
      const { name, replicas, rolling } = operation
      const strategy = rolling
        ? ({ type: "RollingUpdate", rollingUpdate: { ...rolling } } as const)
        : ({ type: "Recreate" } as const)
      const spec = { replicas, strategy, selector: selecting(name), template: templateFor(name) }
      await client.create(Deployment, { metadata: { namespace, name }, spec })
      return
    }
    case "create-statefulset": {
      const { name, replicas, parallel } = operation
      const podManagementPolicy = parallel ? ("Parallel" as const) : ("OrderedReady" as const)
      const spec = {
        replicas,
        podManagementPolicy,
        serviceName: name,
        selector: selecting(name),
        template: templateFor(name),
      }
      await client.create(StatefulSet, { metadata: { namespace, name }, spec })
      return
    }
    case "create-daemonset": {
      const { name } = operation
      const spec = { selector: selecting(name), template: templateFor(name) }
      await client.create(DaemonSet, { metadata: { namespace, name }, spec })
      return
    }
    case "create-job": {
      const { name, completions, parallelism, indexed, failures } = operation
      const template = templateFor(name)
      await client.create(Job, {
        metadata: { namespace, name },
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
      return
    }
    case "create-service": {
      const { name, app } = operation
      const spec = { selector: { app }, ports: [{ port: 80 }] }
      await client.create(Service, { metadata: { namespace, name }, spec })
      return
    }
    case "scale": {
      const body = { spec: { replicas: operation.replicas } }
      await client.patch(
        workload(operation.workload),
        { namespace, name: operation.name },
        { type: "merge", body },
      )
      return
    }
    case "roll": {
      const annotations = { version: String(operation.version) }
      const body = { spec: { template: { metadata: { annotations } } } }
      await client.patch(
        workload(operation.workload),
        { namespace, name: operation.name },
        { type: "merge", body },
      )
      return
    }
    case "delete": {
      const propagationPolicy = operation.foreground ? "Foreground" : "Background"
      await client.delete(
        workload(operation.workload),
        { namespace, name: operation.name },
        { propagationPolicy },
      )
      return
    }
    case "delete-pod": {
      const { items } = await client.list(Pod, { namespace })
      if (items.length === 0) return
      const { name } = items[operation.pick % items.length]!.metadata
      await client.delete(Pod, { namespace, name })
      return
    }
    case "cordon": {
      const body = { spec: { unschedulable: operation.unschedulable || null } }
      await client.patch(Node, { name: `node-${operation.node}` }, { type: "merge", body })
    }
  }
}

function selecting(app: string) {
  return { matchLabels: { app } }
}

/** Small, and soon gone from a node that is lost. */
function templateFor(app: string) {
  const leaves = (reason: string) => ({
    key: `node.kubernetes.io/${reason}`,
    operator: "Exists" as const,
    effect: "NoExecute" as const,
    tolerationSeconds: 5,
  })
  return {
    metadata: { labels: { app } },
    spec: {
      containers: [
        { name: "main", image: "app:1", resources: { requests: { cpu: "200m", memory: "64Mi" } } },
      ],
      terminationGracePeriodSeconds: 5,
      tolerations: [leaves("not-ready"), leaves("unreachable")],
    },
  }
}
