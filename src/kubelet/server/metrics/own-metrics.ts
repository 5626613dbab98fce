import { buildMetrics, thisBuild } from "../../../apimachinery/build-info.ts"
import { gauge, type Metric } from "../../../base/metrics.ts"
import type { Kubelet } from "../../kubelet.ts"
import { pluginName } from "../../volumes/plugin-name.ts"
import { podContainers } from "../../pods/pod-containers.ts"
import type { PodState } from "../../pods/pod-state.ts"
import { isStaticPod } from "../../static-pods/static-pod.ts"

/** What the kubelet tells of itself: what it has counted, and what can be looked up now. */
export function ownMetrics(kubelet: Kubelet): readonly Metric[] {
  const { services, workers } = kubelet
  const states = (): PodState[] => workers.list().map(({ state }) => state)
  const one = (name: string, help: string, read: () => number) =>
    gauge({ name, help: `[ALPHA] ${help}` }, () => [[read()] as const])
  const byOrigin = (name: string, help: string, counts: (state: PodState) => boolean) =>
    gauge({ name, help: `[ALPHA] ${help}`, labels: ["static"] }, () => {
      const counted = states().filter(counts)
      const fromFiles = counted.filter(({ pod }) => isStaticPod(pod)).length
      return [
        [counted.length - fromFiles, ""],
        [fromFiles, "true"],
      ] as const
    })
  return [
    ...services.metrics.list(),
    gauge(
      {
        name: "kubelet_node_name",
        help: "[ALPHA] The node's name. The count is always 1.",
        labels: ["node"],
      },
      () => [[1, services.nodeName]],
    ),
    one(
      "kubelet_running_pods",
      "Number of pods that have a running pod sandbox",
      () => states().filter(({ runtime }) => runtime.sandboxes.some(({ ready }) => ready)).length,
    ),
    gauge(
      {
        name: "kubelet_running_containers",
        help: "[ALPHA] Number of containers currently running",
        labels: ["container_state"],
      },
      () => countBy(states().flatMap(({ runtime }) => runtime.containers.map(({ state }) => state))),
    ),
    one(
      "kubelet_mirror_pods",
      "The number of mirror pods the kubelet will try to create (one per admitted static pod)",
      () => states().filter(({ pod, stage }) => isStaticPod(pod) && stage.kind !== "rejected").length,
    ),
    gauge(
      {
        name: "kubelet_pod_pending_resizes",
        help: "[ALPHA] Number of pending resizes for pods.",
        labels: ["reason"],
      },
      () =>
        countBy(
          states().flatMap(({ resizePending }) =>
            resizePending && resizePending.reason !== "Error" ? [resizePending.reason.toLowerCase()] : [],
          ),
        ),
    ),
    one(
      "kubelet_pod_in_progress_resizes",
      "Number of in-progress resizes for pods.",
      () => states().filter(({ resizingGeneration }) => resizingGeneration !== undefined).length,
    ),
    byOrigin(
      "kubelet_desired_pods",
      "The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.",
      ({ stage }) => stage.kind === "syncing",
    ),
    byOrigin(
      "kubelet_active_pods",
      "The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.",
      ({ stage }) => stage.kind === "syncing" || stage.kind === "terminating",
    ),
    gauge(
      {
        name: "kubelet_working_pods",
        help: "[ALPHA] Number of pods the kubelet is actually running, broken down by lifecycle phase, whether the pod is desired, orphaned, or runtime only (also orphaned), and whether the pod is static. An orphaned pod has been removed from local configuration or force deleted in the API and consumes resources that are not otherwise visible.",
        labels: ["config", "lifecycle", "static"],
      },
      () =>
        countBy(
          states().map(({ stage, pod }) => {
            const isOrphan = "cause" in stage && stage.cause.kind === "gone"
            const lifecycle =
              stage.kind === "syncing" ? "sync" : stage.kind === "terminating" ? "terminating" : "terminated"
            return [isOrphan ? "orphan" : "desired", lifecycle, isStaticPod(pod) ? "true" : ""].join(" ")
          }),
        ).map(([count, key]) => [count, ...key.split(" ")] as const),
    ),
    one(
      "kubelet_managed_ephemeral_containers",
      "Current number of ephemeral containers in pods managed by this kubelet.",
      () =>
        states()
          .flatMap(({ pod }) => podContainers(pod))
          .filter(({ role }) => role === "ephemeral").length,
    ),
    gauge(
      {
        name: "volume_manager_total_volumes",
        help: "[ALPHA] Number of volumes in Volume Manager",
        labels: ["plugin_name", "state"],
      },
      () => volumeCounts(states()),
    ),
    gauge(
      {
        name: "dra_resource_claims_in_use",
        help: "[ALPHA] The number of ResourceClaims that are currently in use on the node, by driver name (driver_name label value) and across all drivers (special value <any> for driver_name). Note that the sum of all by-driver counts is not the total number of in-use ResourceClaims because the same ResourceClaim might use devices from different drivers. Instead, use the count for the <any> driver_name.",
        labels: ["driver_name"],
      },
      () => [...(services.host.claims?.inUse() ?? [])].map(([driver, count]) => [count, driver] as const),
    ),
    gauge({ name: "kubelet_cgroup_version", help: "[ALPHA] cgroup version on the hosts." }, () => {
      const { memoryControl } = services.machine
      return memoryControl ? [[memoryControl.isUnified ? 2 : 1]] : []
    }),
    ...buildMetrics(thisBuild),
  ]
}

function countBy(keys: readonly string[]): (readonly [count: number, key: string])[] {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].map(([key, count]) => [count, key] as const)
}

/** Those that are wanted, and those that are there. */
function volumeCounts(states: readonly PodState[]): (readonly [number, string, string])[] {
  const pluginsOf = (some: readonly PodState[]) =>
    some.flatMap(({ pod }) => (pod.spec.volumes ?? []).map((volume) => pluginName(volume)))
  const holding = states.filter(({ stage }) => stage.kind !== "finished" && stage.kind !== "rejected")
  const wanted = countBy(pluginsOf(holding.filter(({ stage }) => stage.kind === "syncing")))
  const there = countBy(pluginsOf(holding.filter(({ setup }) => setup.kind === "ready")))
  return [
    ...wanted.map(([count, plugin]) => [count, plugin, "desired_state_of_world"] as const),
    ...there.map(([count, plugin]) => [count, plugin, "actual_state_of_world"] as const),
  ]
}
