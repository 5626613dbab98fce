import { Counter, Histogram, type Metric, usualSeconds } from "../../base/metrics.ts"
import { RestClientMetrics } from "../../client/rest-client-metrics.ts"
import type { ContainerRole } from "../pods/pod-containers.ts"

const podStartSeconds = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700,
  3600,
]
const pullSeconds = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600]
const resizeMilliseconds = [
  10, 50, 100, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000,
]
const operationSeconds = Array.from({ length: 14 }, (_, power) => 0.005 * 2.5 ** power)

// From 0.1 s to 40 s, each bound as many times the last one.
const claimSeconds = Array.from({ length: 15 }, (_, power) => 0.1 * 400 ** (power / 14))

const counter = (name: string, help: string, labels: readonly string[] = []) =>
  new Counter({ name, help, labels })
const gauge = (name: string, help: string) => new Counter({ name, help }, "gauge")
const histogram = (name: string, help: string, labels: readonly string[] = [], bounds = usualSeconds) =>
  new Histogram({ name, help, labels }, bounds)

/**
 * What a kubelet counts of its own work, under upstream's names, so that dashboards and alerts made for it find them
 * (https://kubernetes.io/docs/reference/instrumentation/metrics/). What can be looked up when somebody reads is not here.
 */
export class KubeletMetrics {
  readonly runtimeOperations = counter(
    "kubelet_runtime_operations_total",
    "[ALPHA] Cumulative number of runtime operations by operation type.",
    ["operation_type"],
  )
  readonly runtimeOperationErrors = counter(
    "kubelet_runtime_operations_errors_total",
    "[ALPHA] Cumulative number of runtime operation errors by operation type.",
    ["operation_type"],
  )
  readonly runtimeOperationDuration = histogram(
    "kubelet_runtime_operations_duration_seconds",
    "[ALPHA] Duration in seconds of runtime operations. Broken down by operation type.",
    ["operation_type"],
    operationSeconds,
  )
  readonly runPodSandboxDuration = histogram(
    "kubelet_run_podsandbox_duration_seconds",
    "[ALPHA] Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.",
    ["runtime_handler"],
  )
  readonly runPodSandboxErrors = counter(
    "kubelet_run_podsandbox_errors_total",
    "[ALPHA] Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.",
    ["runtime_handler"],
  )
  readonly userNamespacedPods = counter(
    "kubelet_started_user_namespaced_pods_total",
    "[ALPHA] Cumulative number of pods with user namespaces started. This metric will only be collected on Linux.",
  )
  readonly userNamespacedPodErrors = counter(
    "kubelet_started_user_namespaced_pods_errors_total",
    "[ALPHA] Cumulative number of errors when starting pods with user namespaces. This metric will only be collected on Linux.",
  )
  readonly podWorkerDuration = histogram(
    "kubelet_pod_worker_duration_seconds",
    "[ALPHA] Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync",
    ["operation_type"],
  )
  readonly podStartDuration = histogram(
    "kubelet_pod_start_duration_seconds",
    "[ALPHA] Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run",
    [],
    podStartSeconds,
  )
  readonly podStartTotalDuration = histogram(
    "kubelet_pod_start_total_duration_seconds",
    "[ALPHA] Duration in seconds to start a pod since creation, including time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch",
    [],
    podStartSeconds,
  )
  readonly podStartOwnDuration = histogram(
    "kubelet_pod_start_sli_duration_seconds",
    "[ALPHA] Duration in seconds to start a pod, excluding time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch",
    [],
    podStartSeconds,
  )
  readonly relistDuration = histogram(
    "kubelet_pleg_relist_duration_seconds",
    "[ALPHA] Duration in seconds for relisting pods in PLEG.",
  )
  readonly relistInterval = histogram(
    "kubelet_pleg_relist_interval_seconds",
    "[ALPHA] Interval in seconds between relisting in PLEG.",
  )
  readonly lastRelist = new Counter(
    {
      name: "kubelet_pleg_last_seen_seconds",
      help: "[ALPHA] Timestamp in seconds when PLEG was last seen active.",
    },
    "gauge",
  )
  readonly shutdownStart = new Counter(
    {
      name: "kubelet_graceful_shutdown_start_time_seconds",
      help: "[ALPHA] Last graceful shutdown start time since unix epoch in seconds",
    },
    "gauge",
  )
  readonly shutdownEnd = new Counter(
    {
      name: "kubelet_graceful_shutdown_end_time_seconds",
      help: "[ALPHA] Last graceful shutdown end time since unix epoch in seconds",
    },
    "gauge",
  )
  readonly cgroupDuration = histogram(
    "kubelet_cgroup_manager_duration_seconds",
    "[ALPHA] Duration in seconds for cgroup manager operations. Broken down by method.",
    ["operation_type"],
  )
  readonly startedPods = counter("kubelet_started_pods_total", "[ALPHA] Cumulative number of pods started")
  readonly startedPodErrors = counter(
    "kubelet_started_pods_errors_total",
    "[ALPHA] Cumulative number of errors when starting pods",
  )
  readonly startedContainers = counter(
    "kubelet_started_containers_total",
    "[ALPHA] Cumulative number of containers started",
    ["container_type"],
  )
  readonly terminatedContainers = counter(
    "kubelet_terminated_containers_total",
    "[ALPHA] Cumulative number of container terminations.",
    ["container_type", "exit_code", "reason"],
  )
  readonly startedContainerErrors = counter(
    "kubelet_started_containers_errors_total",
    "[ALPHA] Cumulative number of errors when starting containers",
    ["code", "container_type"],
  )
  readonly hookFallbacks = counter(
    "kubelet_lifecycle_handler_http_fallbacks_total",
    "[ALPHA] The number of times lifecycle handlers successfully fell back to http from https.",
  )
  readonly sleepsCutShort = counter(
    "kubelet_sleep_action_terminated_early_total",
    "[ALPHA] The number of times lifecycle sleep handler got terminated before it finishes",
  )
  readonly imagePullDuration = histogram(
    "kubelet_image_pull_duration_seconds",
    "[ALPHA] Duration in seconds to pull an image.",
    ["image_size_in_bytes"],
    pullSeconds,
  )
  readonly ensuredImages = counter(
    "kubelet_image_manager_ensure_image_requests_total",
    "[ALPHA] Number of ensure-image requests processed by the kubelet.",
    ["pull_policy", "present_locally", "pull_required"],
  )
  readonly collectedImages = counter(
    "kubelet_image_garbage_collected_total",
    "[ALPHA] Total number of images garbage collected by the kubelet, whether through disk usage or image age.",
    ["reason"],
  )
  readonly evictions = counter(
    "kubelet_evictions",
    "[ALPHA] Cumulative number of pod evictions by eviction signal",
    ["eviction_signal"],
  )
  readonly claimOperationDuration = histogram(
    "dra_operations_duration_seconds",
    "[ALPHA] Latency histogram in seconds for the duration of handling all ResourceClaims referenced by a pod when the pod starts or stops. Identified by the name of the operation (PrepareResources or UnprepareResources) and separated by the success of the operation. The number of failed operations is provided through the histogram's overall count.",
    ["operation_name", "is_error"],
    claimSeconds,
  )
  readonly driverOperationDuration = histogram(
    "dra_grpc_operations_duration_seconds",
    "[ALPHA] Duration in seconds of the DRA gRPC operations",
    ["driver_name", "method_name", "grpc_status_code"],
    claimSeconds,
  )
  readonly rejections = counter(
    "kubelet_admission_rejections_total",
    "[ALPHA] Cumulative number pod admission rejections by the Kubelet.",
    ["reason"],
  )
  readonly preemptions = counter(
    "kubelet_preemptions",
    "[ALPHA] Cumulative number of pod preemptions by preemption resource",
    ["preemption_signal"],
  )
  readonly requestedResizes = counter(
    "kubelet_container_requested_resizes_total",
    "[ALPHA] Number of requested resizes, counted at the container level. Different resources on the same container are counted separately. The 'requirement' label refers to 'memory' or 'limits'; the 'operation' label can be one of 'add', 'remove', 'increase' or 'decrease'.",
    ["resource", "requirement", "operation"],
  )
  readonly resizeDuration = histogram(
    "kubelet_pod_resize_duration_milliseconds",
    "[ALPHA] Duration in milliseconds to actuate a pod resize",
    ["success"],
    resizeMilliseconds,
  )
  readonly infeasibleResizes = counter(
    "kubelet_pod_infeasible_resizes_total",
    "[ALPHA] Number of infeasible resizes for pods.",
    ["reason_detail"],
  )
  readonly acceptedDeferredResizes = counter(
    "kubelet_pod_deferred_accepted_resizes_total",
    "[ALPHA] Cumulative number of resizes that were accepted after being deferred.",
    ["retry_trigger"],
  )
  readonly containersPerPod = histogram(
    "kubelet_containers_per_pod_count",
    "[ALPHA] The number of containers per pod.",
    [],
    [1, 2, 4, 8, 16],
  )
  readonly credentialProviderErrors = counter(
    "kubelet_credential_provider_plugin_errors",
    "[ALPHA] Number of errors from credential provider plugin",
    ["plugin_name"],
  )
  readonly credentialProviderDuration = histogram(
    "kubelet_credential_provider_plugin_duration",
    "[ALPHA] Duration of execution in seconds for credential provider plugin",
    ["plugin_name"],
  )
  readonly orphans = counter(
    "kubelet_orphaned_runtime_pods_total",
    "[ALPHA] Number of pods that have been detected in the container runtime without being already known to the pod worker. This typically indicates the kubelet was restarted while a pod was force deleted in the API or in the local configuration, which is unusual.",
  )
  readonly storageOperations = histogram(
    "storage_operation_duration_seconds",
    "[ALPHA] Storage operation duration",
    ["volume_plugin", "operation_name", "status", "migrated"],
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600],
  )
  readonly webSockets = counter(
    "kubelet_websocket_streaming_requests_total",
    "[ALPHA] Total number of WebSocket streaming requests (exec/attach/portforward) received by the kubelet.",
    ["subresource"],
  )
  readonly restartedPods = counter(
    "kubelet_restarted_pods_total",
    "[ALPHA] Number of pods that have been restarted because they were deleted and recreated with the same UID while the kubelet was watching them (common for static pods, extremely uncommon for API pods)",
    ["static"],
  )
  readonly imageVolumes = counter(
    "kubelet_image_volume_requested_total",
    "[BETA] Number of requested image volumes.",
  )
  readonly imageVolumeMounts = counter(
    "kubelet_image_volume_mounted_succeed_total",
    "[BETA] Number of successful image volume mounts.",
  )
  readonly imageVolumeErrors = counter(
    "kubelet_image_volume_mounted_errors_total",
    "[BETA] Number of failed image volume mounts.",
  )
  /** Requests to the API server. */
  readonly restClient: RestClientMetrics
  readonly serving = new Counter(
    {
      name: "kubelet_http_inflight_requests",
      help: "[ALPHA] Number of the inflight http requests",
      labels: ["method", "path", "server_type", "long_running"],
    },
    "gauge",
  )
  readonly served = counter(
    "kubelet_http_requests_total",
    "[ALPHA] Number of the http requests received since the server started",
    ["method", "path", "server_type", "long_running"],
  )
  readonly servedDuration = histogram(
    "kubelet_http_requests_duration_seconds",
    "[ALPHA] Duration in seconds to serve http requests",
    ["method", "path", "server_type", "long_running"],
  )
  readonly cpuPinnings = counter(
    "kubelet_cpu_manager_pinning_requests_total",
    "[ALPHA] The number of cpu core allocations which required pinning.",
  )
  readonly cpuPinningErrors = counter(
    "kubelet_cpu_manager_pinning_errors_total",
    "[ALPHA] The number of cpu core allocations which required pinning failed.",
  )
  readonly sharedPoolSize = gauge(
    "kubelet_cpu_manager_shared_pool_size_millicores",
    "[ALPHA] The size of the shared CPU pool for non-guaranteed QoS pods, in millicores.",
  )
  readonly exclusiveCpus = gauge(
    "kubelet_cpu_manager_exclusive_cpu_allocation_count",
    "[ALPHA] The total number of CPUs exclusively allocated to containers running on this node",
  )
  readonly memoryPinnings = counter(
    "kubelet_memory_manager_pinning_requests_total",
    "[ALPHA] The number of memory pages allocations which required pinning.",
  )
  readonly memoryPinningErrors = counter(
    "kubelet_memory_manager_pinning_errors_total",
    "[ALPHA] The number of memory pages allocations which required pinning that failed.",
  )
  readonly topologyAdmissions = counter(
    "kubelet_topology_manager_admission_requests_total",
    "[ALPHA] The number of admission requests where resources have to be aligned.",
  )
  readonly topologyAdmissionErrors = counter(
    "kubelet_topology_manager_admission_errors_total",
    "[ALPHA] The number of admission request failures where resources could not be aligned.",
  )
  readonly topologyAdmissionDuration = histogram(
    "kubelet_topology_manager_admission_duration_ms",
    "[ALPHA] Duration in milliseconds to serve a pod admission request.",
    [],
    Array.from({ length: 15 }, (_, power) => 0.05 * 2 ** power),
  )
  readonly alignedContainers = counter(
    "kubelet_container_aligned_compute_resources_count",
    "[ALPHA] Cumulative number of aligned compute resources allocated to containers by alignment type.",
    ["scope", "boundary"],
  )
  readonly misalignedContainers = counter(
    "kubelet_container_aligned_compute_resources_failure_count",
    "[ALPHA] Cumulative number of failures to allocate aligned compute resources to containers by alignment type.",
    ["scope", "boundary"],
  )

  /** @param apiHost where the API server is; "" in this process */
  constructor(apiHost = "") {
    this.restClient = new RestClientMetrics(apiHost)
    for (const isStatic of ["", "true"]) this.restartedPods.set(0, isStatic)
  }

  list(): readonly Metric[] {
    return Object.values(this)
  }
}

const mebibyte = 1 << 20
const sizes: readonly (readonly [aboveMebibytes: number, label: string])[] = [
  [100 * 1024, "GT100GB"],
  [60 * 1024, "60GB-100GB"],
  [40 * 1024, "40GB-60GB"],
  [30 * 1024, "30GB-40GB"],
  [20 * 1024, "20GB-30GB"],
  [10 * 1024, "10GB-20GB"],
  [5 * 1024, "5GB-10GB"],
  [1024, "1GB-5GB"],
  [500, "500MB-1GB"],
  [100, "100MB-500MB"],
  [10, "10MB-100MB"],
]

/** Images by size, as upstream groups them. */
export function imageSizeLabel(bytes: number): string {
  return sizes.find(([aboveMebibytes]) => bytes > aboveMebibytes * mebibyte)?.[1] ?? "0-10MB"
}

/** Containers by role, as upstream groups them. */
export const containerTypeLabels: Readonly<Record<ContainerRole, string>> = {
  main: "container",
  init: "init_container",
  sidecar: "init_container",
  ephemeral: "ephemeral_container",
}
