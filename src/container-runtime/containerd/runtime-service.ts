import type { Codec } from "../../base/protobuf.ts"
import type * as cri from "../cri.ts"
import { pauseImageName } from "../pause-image.ts"
import { isRuntimeError, RuntimeError } from "../cri.ts"
import { ExecResult, RuntimeVersion } from "./cri-messages.ts"
import * as wire from "./cri-requests.ts"
import type { CallOptions, GrpcChannel } from "../../base/real/grpc/grpc-channel.ts"
import { followTaskEvents } from "./task-events.ts"

/** The CRI's RuntimeService over gRPC. The channel stays the caller's. */
export function createRuntimeService(channel: GrpcChannel): cri.RuntimeService {
  const call = <Q, A>(method: string, codec: Codec<Q>, request: Q, answer: Codec<A>, options?: CallOptions) =>
    channel.unary(`/runtime.v1.RuntimeService/${method}`, [codec, request], answer, options)
  const text = async <Q>(method: string, codec: Codec<Q>, request: Q): Promise<string> =>
    (await call(method, codec, request, wire.TextResponse)).text
  const act = async (method: string, id: string): Promise<void> =>
    void (await call(method, wire.Id, { id }, wire.Empty))

  return {
    version: () => call("Version", wire.VersionRequest, { version: "v1" }, RuntimeVersion),
    async status() {
      const answer = await call("Status", wire.Empty, {}, wire.StatusResponse)
      return {
        conditions: answer.status?.conditions ?? [],
        runtimeHandlers: answer.handlers.map(({ name, features }) => ({
          name,
          recursiveReadOnlyMounts: features?.recursiveReadOnlyMounts ?? false,
          userNamespaces: features?.userNamespaces ?? false,
        })),
        supplementalGroupsPolicy: answer.features?.supplementalGroupsPolicy ?? false,
      }
    },

    runPodSandbox: (config, runtimeHandler = "") =>
      text("RunPodSandbox", wire.RunPodSandboxRequest, { config, runtimeHandler }),
    stopPodSandbox: (id) => act("StopPodSandbox", id).catch(ignoreNotFound),
    removePodSandbox: (id) => act("RemovePodSandbox", id).catch(ignoreNotFound),
    async podSandboxStatus(id) {
      const { status } = await call("PodSandboxStatus", wire.Id, { id }, wire.PodSandboxStatusResponse)
      if (!status) throw new RuntimeError("NotFound", `sandbox ${id} has no status`)
      const { network, linux, ...rest } = status
      const ips = [network?.ip ?? "", ...(network?.additionalIps.map(({ ip }) => ip) ?? [])]
      return {
        ...rest,
        ips: ips.filter((ip) => ip !== ""),
        network: linux?.namespaces?.options?.network ?? "POD",
      }
    },
    async listPodSandboxes(filter) {
      const { items } = await call(
        "ListPodSandbox",
        wire.ListPodSandboxRequest,
        filter ? { filter: toFilter(filter) } : {},
        wire.ListPodSandboxResponse,
      )
      return items
    },

    createContainer: (sandboxId, config, sandboxConfig) =>
      text("CreateContainer", wire.CreateContainerRequest, { sandboxId, config, sandboxConfig }),
    startContainer: (id) => act("StartContainer", id),
    async stopContainer(id, timeoutSeconds, signal) {
      const request = { id, timeout: timeoutSeconds }
      const options = { timeoutMs: (timeoutSeconds + 120) * 1000, ...(signal && { signal }) }
      await call("StopContainer", wire.StopContainerRequest, request, wire.Empty, options).catch(
        ignoreNotFound,
      )
    },
    removeContainer: (id) => act("RemoveContainer", id).catch(ignoreNotFound),
    async containerStatus(id) {
      const { status } = await call("ContainerStatus", wire.Id, { id }, wire.ContainerStatusResponse)
      if (!status) throw new RuntimeError("NotFound", `container ${id} has no status`)
      const { image, resources, user, ...rest } = status
      return {
        ...rest,
        image: image.image,
        ...(resources?.linux && { resources: resources.linux }),
        ...(user?.linux && { user: user.linux }),
      }
    },
    async listContainers(filter) {
      const { containers } = await call(
        "ListContainers",
        wire.ListContainersRequest,
        filter ? { filter: toContainerFilter(filter) } : {},
        wire.ListContainersResponse,
      )
      return containers
    },
    async updateContainerResources(id, linux) {
      await call("UpdateContainerResources", wire.UpdateContainerResourcesRequest, { id, linux }, wire.Empty)
    },
    async updatePodSandboxResources(id, resources) {
      await call("UpdatePodSandboxResources", wire.UpdatePodSandboxRequest, { id, ...resources }, wire.Empty)
    },
    async checkpointContainer(id, location, timeout) {
      const request = { id, location, timeout }
      await call("CheckpointContainer", wire.CheckpointContainerRequest, request, wire.Empty)
    },
    reopenContainerLog: (id) => act("ReopenContainerLog", id),

    execSync: (id, command, timeoutSeconds) =>
      call(
        "ExecSync",
        wire.ExecSyncRequest,
        { id, command: [...command], timeout: timeoutSeconds },
        ExecResult,
        // The runtime ends it and says so; ours is the guard against a runtime that hangs.
        { timeoutMs: timeoutSeconds === 0 ? 0 : (timeoutSeconds + 10) * 1000 },
      ),
    exec: (request) => text("Exec", wire.ExecRequest, { ...request, command: [...request.command] }),
    attach: (request) => text("Attach", wire.AttachRequest, request),
    portForward: (id, ports) => text("PortForward", wire.PortForwardRequest, { id, ports: [...ports] }),

    async containerStats(id) {
      const { stats } = await call("ContainerStats", wire.Id, { id }, wire.ContainerStatsResponse)
      if (!stats) throw new RuntimeError("NotFound", `container ${id} has no stats`)
      return fromWireStats(stats)
    },
    async listContainerStats(filter) {
      const request = filter ? { filter: toContainerFilter(filter) } : {}
      const { stats } = await call(
        "ListContainerStats",
        wire.ListContainerStatsRequest,
        request,
        wire.ListContainerStatsResponse,
      )
      return stats.map(fromWireStats)
    },

    events: (signal) => followTaskEvents(channel, signal),
  }
}

/** The CRI's ImageService over gRPC. */
export function createImageService(channel: GrpcChannel): cri.ImageService {
  const call = <Q, A>(method: string, codec: Codec<Q>, request: Q, answer: Codec<A>, options?: CallOptions) =>
    channel.unary(`/runtime.v1.ImageService/${method}`, [codec, request], answer, options)
  return {
    async listImages() {
      const { images } = await call("ListImages", wire.Empty, {}, wire.ListImagesResponse)
      // It came with us and can be had from nowhere else.
      return images.map((image) =>
        image.repoTags.includes(pauseImageName) ? { ...image, pinned: true } : image,
      )
    },
    async findImage(image) {
      const request = { image: { image } }
      return (await call("ImageStatus", wire.ImageRequest, request, wire.ImageStatusResponse)).image
    },
    async pullImage(image, auth) {
      const request = { image: { image }, ...(auth && { auth }) }
      // A pull is bounded by its progress, which the runtime watches, not by the clock.
      return (await call("PullImage", wire.ImageRequest, request, wire.TextResponse, { timeoutMs: 0 })).text
    },
    async removeImage(image) {
      await call("RemoveImage", wire.ImageRequest, { image: { image } }, wire.Empty)
    },
    async filesystemInfo() {
      const answer = await call("ImageFsInfo", wire.Empty, {}, wire.ImageFilesystemResponse)
      return answer.filesystems.map(fromWireFilesystem)
    },
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isRuntimeError(error, "NotFound")) throw error
}

function toFilter({ id = "", state, labelSelector = {} }: cri.SandboxFilter) {
  return { id, labelSelector, ...(state && { state: { state } }) }
}

function toContainerFilter({ id = "", state, podSandboxId = "", labelSelector = {} }: cri.ContainerFilter) {
  return { id, podSandboxId, labelSelector, ...(state && { state: { state } }) }
}

function fromWireStats(stats: wire.WireContainerStats): cri.ContainerStats {
  const { attributes, cpu, memory, writableLayer } = stats
  return {
    id: attributes?.id ?? "",
    metadata: attributes?.metadata ?? { name: "", attempt: 0 },
    labels: attributes?.labels ?? {},
    annotations: attributes?.annotations ?? {},
    ...(cpu && { cpu: { ...cpu, usageCoreNanoSeconds: cpu.usageCoreNanoSeconds ?? 0 } }),
    ...(memory && { memory: { ...memory, workingSetBytes: memory.workingSetBytes ?? 0 } }),
    ...(writableLayer && { writableLayer: fromWireFilesystem(writableLayer) }),
  }
}

function fromWireFilesystem(usage: wire.WireFilesystemUsage): cri.FilesystemUsage {
  return {
    timestamp: usage.timestamp,
    mountpoint: usage.filesystem.mountpoint,
    usedBytes: usage.usedBytes ?? 0,
    inodesUsed: usage.inodesUsed ?? 0,
  }
}
