import { messageOf } from "../../base/message-of.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import {
  type ContainerConfig,
  type Image,
  type ImageSpec,
  type Mount,
  type PodSandboxConfig,
  RuntimeError,
  type UserNamespace,
} from "../../container-runtime/cri.ts"
import { buildEnvironment } from "../containers/environment.ts"
import { expandVariables } from "../containers/expand-variables.ts"
import type { PodAddresses } from "../containers/pod-field.ts"
import { containerAnnotations, containerLabels } from "../containers/runtime-labels.ts"
import { containerSecurityContext } from "../containers/security-context.ts"
import { pullCredentials } from "../images/credentials/pull-credentials.ts"
import { StartError } from "../images/start-error.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import type { ContainerDevices, NodeHost } from "../node-host.ts"
import { runtimeResources } from "./runtime-resources.ts"
import { ensureImageVolumes } from "./image-volumes.ts"
import type { PodContainer } from "./pod-containers.ts"
import { findHandler, runtimeHandler } from "./runtime-handler.ts"
import type { RuntimeContainer } from "./runtime-pod.ts"
import { stopContainer } from "./stop-container.ts"
import { usersOf } from "./start-sandbox.ts"

export interface ContainerStart {
  readonly pod: Pod
  readonly container: PodContainer
  readonly attempt: number
  readonly sandboxId: string
  readonly sandboxConfig: PodSandboxConfig
  readonly addresses: PodAddresses
  /** For ephemeral containers: the container whose processes they see. */
  readonly targetContainerId?: string
  /** Given up: the pod ends. What is not begun is not begun any more. */
  readonly signal: AbortSignal
  readonly event: (type: "Normal" | "Warning", reason: string, message: string) => void
  /** Told as soon as it runs, before its postStart hook. */
  readonly running: (container: RuntimeContainer) => void
}

/** Image, configuration, creation, start, postStart hook. Throws StartError, having told the events that go with it. */
export async function startContainer(services: KubeletServices, start: ContainerStart): Promise<void> {
  try {
    const imageVolumes = await ensureImageVolumes(services, start)
    const image = await ensureImage(services, start)
    const config = await step("CreateContainerConfigError", () =>
      containerConfig(services, start, { image, imageVolumes }),
    )
    giveUpIf(start.signal)
    const { sandboxId, sandboxConfig } = start
    await fitPodGroup(services, start)
    const id = await step("CreateContainerError", () =>
      countingImageVolumes(services, imageVolumes.size, () =>
        services.runtime.createContainer(sandboxId, config, sandboxConfig),
      ),
    )
    start.event("Normal", "Created", "Container created")
    giveUpIf(start.signal)
    await step("RunContainerError", () => services.runtime.startContainer(id))
    start.event("Normal", "Started", "Container started")
    const running = await services.observer.observeContainer(id, sandboxId)
    if (running) start.running(running)
    await runPostStart(services, start, id)
  } catch (error) {
    const failure = error instanceof StartError ? error : new StartError("Unknown", (error as Error).message)
    // What a hook says may be a secret: that it failed has been told.
    if (!start.signal.aborted && failure.reason !== postStartError)
      start.event("Warning", "Failed", `Error: ${eventText(failure)}`)
    throw failure
  }
}

/** The runtime mounts images as it makes the container; of other failures nobody knows how far the mounts had come. */
async function countingImageVolumes(
  { metrics }: KubeletServices,
  count: number,
  create: () => Promise<string>,
): Promise<string> {
  metrics.imageVolumes.add(count)
  try {
    const id = await create()
    metrics.imageVolumeMounts.add(count)
    return id
  } catch (error) {
    const text = error instanceof RuntimeError ? error.description : messageOf(error)
    if (imageMountFailure.test(text)) metrics.imageVolumeErrors.add(count)
    throw error
  }
}

/** CRI's name for it, and containerd's words. */
const imageMountFailure = /^ImageVolumeMountFailed|mount image/

/** What began anew so that it gets other requests and limits needs a pod's group that has them. */
async function fitPodGroup({ host, log }: KubeletServices, { pod, attempt }: ContainerStart): Promise<void> {
  if (attempt === 0) return
  const { namespace, name } = pod.metadata
  await host.cgroups
    .update(pod)
    .catch((error: unknown) => log.warn("control group not changed", { pod: `${namespace}/${name}`, error }))
}

/** Image errors are told by name: their text has been told in an event of its own. */
function eventText({ reason, message }: StartError): string {
  return /Image|Registry/.test(reason) ? reason : message
}

function giveUpIf(signal: AbortSignal): void {
  if (signal.aborted) throw new StartError("ContainerCreating", "")
}

async function step<T>(reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const text = error instanceof RuntimeError ? error.description : (error as Error).message
    throw new StartError(reason, text)
  }
}

function ensureImage(services: KubeletServices, { pod, container, event }: ContainerStart): Promise<Image> {
  const { image = "", imagePullPolicy } = container.spec
  return services.puller.ensure({
    image,
    policy: imagePullPolicy ?? "IfNotPresent",
    podUid: pod.metadata.uid,
    credentials: () => pullCredentials(services, pod, image, event),
    event,
  })
}

async function containerConfig(
  services: KubeletServices,
  { pod, container, attempt, addresses, targetContainerId }: ContainerStart,
  { image, imageVolumes }: { image: Image; imageVolumes: ReadonlyMap<string, ImageSpec> },
): Promise<ContainerConfig> {
  const { spec } = container
  const variables = await environmentOf(services, pod, spec, addresses)
  const expand = (texts: readonly string[] = []) => texts.map((text) => expandVariables(text, variables))
  const mounts = await services.host.volumes.containerMounts(pod, spec, {
    variables,
    imageVolumes,
    recursiveReadOnly: await mountsRecursivelyReadOnly(services, pod, spec),
  })
  const given = await devicesOf(services.host, pod, spec)
  const users = await usersOf(services, pod)
  const files = await services.host.files.containerMounts(pod, spec, addresses)
  return {
    metadata: { name: spec.name, attempt },
    image: { image: image.id, userSpecifiedImage: spec.image ?? "" },
    command: expand(spec.command),
    args: expand(spec.args),
    workingDir: spec.workingDir ?? "",
    environment: Object.entries({ ...variables, ...given.environment }).map(([key, value]) => ({
      key,
      value,
    })),
    mounts: [...mounts, ...given.mounts, ...files].map((mount) => withOwners(mount, users)),
    devices: [...services.host.volumes.containerDevices(pod, spec), ...given.devices],
    labels: containerLabels(pod, spec),
    annotations: { ...given.annotations, ...containerAnnotations(pod, spec, attempt) },
    logPath: `${spec.name}/${attempt}.log`,
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    ...(spec.lifecycle?.stopSignal && { stopSignal: criSignal(spec.lifecycle.stopSignal) }),
    linux: {
      resources: runtimeResources(services, pod, spec),
      securityContext: containerSecurityContext(pod, spec, {
        image,
        seccompDirectory: services.seccompDirectory,
        users,
        seccompDefault: services.configuration.seccompDefault,
        ...(targetContainerId && { targetContainerId }),
      }),
    },
  }
}

/** Files keep their owners' numbers on disk; the runtime shows them to the pod as its own users'. */
function withOwners(mount: Mount, users: UserNamespace | undefined): Mount {
  return users ? { ...mount, uidMappings: users.uids, gidMappings: users.gids } : mount
}

/** What a container is given by plugins, and of what its pod claims. */
async function devicesOf(
  { devices, claims }: NodeHost,
  pod: Pod,
  container: Container,
): Promise<ContainerDevices> {
  const given = await Promise.all([
    devices?.prepareContainer(pod.metadata.uid, container.name),
    claims?.devicesOf(pod, container),
  ])
  return {
    environment: { ...given[0]?.environment, ...given[1]?.environment },
    annotations: { ...given[0]?.annotations, ...given[1]?.annotations },
    mounts: given.flatMap((each) => each?.mounts ?? []),
    devices: given.flatMap((each) => each?.devices ?? []),
  }
}

/** Asked of the runtime only where it matters. */
async function mountsRecursivelyReadOnly(
  services: KubeletServices,
  pod: Pod,
  { volumeMounts = [] }: Container,
): Promise<boolean> {
  if (!volumeMounts.some(({ recursiveReadOnly }) => recursiveReadOnly)) return false
  const handler = await findHandler(services.runtime, await runtimeHandler(services, pod))
  return handler?.recursiveReadOnlyMounts ?? false
}

function environmentOf(
  { objects, host, services, machine }: KubeletServices,
  pod: Pod,
  container: Container,
  addresses: PodAddresses,
): Promise<Record<string, string>> {
  return buildEnvironment(pod, container, {
    findConfigMap: (namespace, name) => objects.find(ConfigMap, { namespace, name }),
    findSecret: (namespace, name) => objects.find(Secret, { namespace, name }),
    readVariable: (source) => host.volumes.readVariable(pod, source),
    services: services(),
    allocatable: machine.allocatable,
    addresses,
  })
}

/** "SIGRTMIN+3" is SIGRTMINPLUS3 in the CRI. */
function criSignal(name: string): string {
  return name.replace("+", "PLUS").replace(/(SIGRTMAX)-/, "$1MINUS")
}

const postStartError = "PostStartHookError"

async function runPostStart(services: KubeletServices, start: ContainerStart, id: string): Promise<void> {
  const { pod, container, addresses, event, signal } = start
  const handler = container.spec.lifecycle?.postStart
  if (!handler) return
  const podIp = addresses.podIps[0] ?? ""
  const target = { pod, container: container.spec, containerId: id, podIp }
  try {
    await services.hooks.run(handler, target, signal)
  } catch (error) {
    if (signal.aborted) return
    event("Warning", "FailedPostStartHook", `PostStartHook failed`)
    event("Normal", "Killing", "FailedPostStartHook")
    const gracePeriodSeconds = pod.spec.terminationGracePeriodSeconds ?? 30
    const { name } = container.spec
    await stopContainer(services, { pod, name, id, gracePeriodSeconds, podIp, signal, event, runsHook: true })
    throw new StartError(postStartError, (error as Error).message)
  }
}
