import type { Clock } from "../../base/clock.ts"
import { codeOfError } from "../../client/rest-client-metrics.ts"
import type { Client } from "../../client/client.ts"
import type { ImageService, RuntimeService } from "../../container-runtime/cri.ts"
import type { KubeletMetrics } from "./kubelet-metrics.ts"

type Methods<T> = Readonly<Partial<Record<keyof T & string, string>>>

/** What upstream calls each call. */
const runtimeOperations: Methods<RuntimeService> = {
  version: "version",
  status: "status",
  runPodSandbox: "run_podsandbox",
  stopPodSandbox: "stop_podsandbox",
  removePodSandbox: "remove_podsandbox",
  podSandboxStatus: "podsandbox_status",
  listPodSandboxes: "list_podsandbox",
  createContainer: "create_container",
  startContainer: "start_container",
  stopContainer: "stop_container",
  removeContainer: "remove_container",
  containerStatus: "container_status",
  listContainers: "list_containers",
  updateContainerResources: "update_container",
  updatePodSandboxResources: "update_podsandbox_resources",
  reopenContainerLog: "reopen_container_log",
  checkpointContainer: "checkpoint_container",
  execSync: "exec_sync",
  exec: "exec",
  attach: "attach",
  portForward: "port_forward",
  containerStats: "container_stats",
  listContainerStats: "list_container_stats",
}

const imageOperations: Methods<ImageService> = {
  listImages: "list_images",
  findImage: "image_status",
  pullImage: "pull_image",
  removeImage: "remove_image",
  filesystemInfo: "image_fs_info",
}

const requestMethods: Methods<Client> = {
  get: "GET",
  list: "GET",
  watch: "GET",
  create: "POST",
  createSubresource: "POST",
  update: "PUT",
  updateStatus: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deleteCollection: "DELETE",
}

type Meter = (name: string, method: string, tookSeconds: number, error: unknown) => void

/** The same service; `meter` is told of every call of `methods` when it has ended. */
function measured<T extends object>(service: T, methods: Methods<T>, clock: Clock, meter: Meter): T {
  return new Proxy(service, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== "function") return value
      const call = value.bind(target) as (...args: unknown[]) => Promise<unknown>
      const name = methods[key as keyof T & string]
      return name === undefined
        ? call
        : metered(call, clock, (took, error) => meter(name, String(key), took, error))
    },
  })
}

function metered(
  call: (...args: unknown[]) => Promise<unknown>,
  clock: Clock,
  ended: (tookSeconds: number, error?: unknown) => void,
): typeof call {
  return async (...args) => {
    const beganMs = clock.monotonic()
    const took = () => (clock.monotonic() - beganMs) / 1000
    try {
      const result = await call(...args)
      ended(took())
      return result
    } catch (error) {
      ended(took(), error)
      throw error
    }
  }
}

export function measuredRuntime(
  runtime: RuntimeService,
  metrics: KubeletMetrics,
  clock: Clock,
): RuntimeService {
  return measured(runtime, runtimeOperations, clock, runtimeMeter(metrics))
}

export function measuredImages(images: ImageService, metrics: KubeletMetrics, clock: Clock): ImageService {
  return measured(images, imageOperations, clock, runtimeMeter(metrics))
}

function runtimeMeter(metrics: KubeletMetrics): Meter {
  return (operation, _, tookSeconds, error) => {
    metrics.runtimeOperations.add(1, operation)
    metrics.runtimeOperationDuration.observe(tookSeconds, operation)
    if (error !== undefined) metrics.runtimeOperationErrors.add(1, operation)
  }
}

/** Requests to the API server, as client-go counts them. */
export function measuredClient(client: Client, metrics: KubeletMetrics, clock: Clock): Client {
  return measured(client, requestMethods, clock, (method, call, tookSeconds, error) => {
    metrics.restClient.answered(method, codeOf(method, error))
    if (call !== "watch") metrics.restClient.took(method, tookSeconds)
  })
}

function codeOf(method: string, error: unknown): string {
  if (error === undefined) return method === "POST" ? "201" : "200"
  return codeOfError(error)
}
