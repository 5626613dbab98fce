import { formatMetrics, gauge, histogramOf, type Metric, usualSeconds } from "../../../base/metrics.ts"
import type { Kubelet } from "../../kubelet.ts"
import { cadvisorMetrics } from "./cadvisor-metrics.ts"
import { formatTimedMetrics } from "./metric-text.ts"
import { ownMetrics } from "./own-metrics.ts"
import { resourceMetrics } from "./resource-metrics.ts"
import { volumeMetrics } from "./volume-metrics.ts"

/**
 * The text of one of the kubelet's metrics endpoints, in Prometheus' format; undefined for a path that is none.
 *
 * @param process what is to be told of the process beside
 */
export async function renderMetrics(
  kubelet: Kubelet,
  path: string,
  process: readonly Metric[],
): Promise<string | undefined> {
  switch (path) {
    case "/metrics": {
      const own = formatMetrics([...ownMetrics(kubelet), ...process])
      return own + formatTimedMetrics(await volumeMetrics(kubelet))
    }
    case "/metrics/resource":
      return formatTimedMetrics(await resourceMetrics(kubelet))
    case "/metrics/cadvisor":
      return formatTimedMetrics(await cadvisorMetrics(kubelet))
    case "/metrics/slis":
      return kubelet.services.healthRecord.text()
    case "/metrics/probes":
      return formatMetrics([probeTimes(kubelet), probeMetric(kubelet)])
    default:
      return undefined
  }
}

const types = { liveness: "Liveness", readiness: "Readiness", startup: "Startup" } as const
const results = { success: "successful", failure: "failed", unknown: "unknown" } as const

function probeTimes({ workers }: Kubelet): Metric {
  const name = "prober_probe_duration_seconds"
  const help = "[ALPHA] Duration in seconds for a probe response."
  const labels = ["container", "namespace", "pod", "probe_type"]
  return histogramOf({ name, help, labels }, usualSeconds, function* () {
    for (const worker of workers.list()) {
      const { name: pod, namespace = "" } = worker.state.pod.metadata
      for (const { container, type, took } of worker.probeTimes)
        yield [took, container, namespace, pod, types[type]] as const
    }
  })
}

function probeMetric({ workers }: Kubelet): Metric {
  const name = "prober_probe_total"
  const help = "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result."
  const labels = ["container", "namespace", "pod", "pod_uid", "probe_type", "result"]
  return gauge(
    { name, help, labels },
    function* () {
      for (const { state, probeCounts } of workers.list()) {
        const { name: pod, namespace = "", uid } = state.pod.metadata
        for (const { container, type, outcome, count } of probeCounts)
          yield [count, container, namespace, pod, uid, types[type], results[outcome]] as const
      }
    },
    "counter",
  )
}
