import type { Pod } from "../api/core/v1/pod.ts"
import { type Amounts, computePodLimits, computePodRequests } from "../api/core/v1/pod-resources.ts"
import { gauge, type Metric } from "../base/metrics.ts"

type Sample = readonly [value: number, ...labels: string[]]

const labels = ["namespace", "pod", "node", "scheduler", "priority", "resource", "unit"]

/**
 * What every pod that has not ended asks for and may use: `/metrics/resources`
 * (https://kubernetes.io/docs/concepts/cluster-administration/system-metrics/#kube-scheduler-metrics).
 */
export function podResourceMetrics(pods: () => readonly Pod[]): readonly Metric[] {
  const metric = (kind: string, help: string, amountsOf: (pod: Pod) => Amounts) =>
    gauge({ name: `kube_pod_resource_${kind}`, help: `[STABLE] ${help}`, labels }, () =>
      samplesOf(pods(), amountsOf),
    )
  return [
    metric(
      "limit",
      "Resources limit for workloads on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.",
      (pod) => computePodLimits(pod),
    ),
    metric(
      "request",
      "Resources requested by workloads on the cluster, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.",
      (pod) => computePodRequests(pod),
    ),
  ]
}

function* samplesOf(pods: readonly Pod[], amountsOf: (pod: Pod) => Amounts): Generator<Sample, void, void> {
  for (const pod of pods) {
    if (hasEnded(pod)) continue
    const { nodeName = "", schedulerName = "", priority } = pod.spec
    const { namespace = "", name } = pod.metadata
    for (const [resource, amount] of Object.entries(amountsOf(pod))) {
      const value = Number(amount.nanos) / 1e9
      if (value === 0) continue
      const priorityText = priority === undefined ? "" : String(priority)
      yield [value, namespace, name, nodeName, schedulerName, priorityText, resource, unitOf(resource)]
    }
  }
}

function hasEnded({ spec, status }: Pod): boolean {
  return Boolean(spec.nodeName) && ["Succeeded", "Failed"].includes(status.phase ?? "")
}

const units: Readonly<Record<string, string>> = {
  cpu: "cores",
  memory: "bytes",
  storage: "bytes",
  "ephemeral-storage": "bytes",
}

function unitOf(resource: string): string {
  if (resource.startsWith("hugepages-")) return "bytes"
  if (resource.startsWith("attachable-volumes-")) return "integer"
  return units[resource] ?? ""
}
