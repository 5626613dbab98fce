import { lstat, mkdir, rm, rmdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { KeyedQueue } from "../../../base/keyed-queue.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { VolumeError } from "../../node-host.ts"
import {
  changesGroup,
  checkLifecycle,
  type CsiVolume,
  csiAccessMode,
  uniqueCsiName,
} from "../../volumes/csi-volume.ts"
import type { ServiceAccountTokens } from "../../volumes/service-account-tokens.ts"
import { type KubeletPaths, sha256 } from "../kubelet-paths.ts"
import type { MountedVolume } from "../volumes/mounted-volume.ts"
import { giveToGroup } from "../volumes/ownership.ts"
import type { VolumeGrowth } from "../volumes/volume-growth.ts"
import { AttachLimit } from "./attach-limit.ts"
import { findAttachment } from "./attachment.ts"
import { type CsiDriver, isFinal } from "./csi-driver.ts"
import type { CsiDrivers } from "./csi-drivers.ts"
import type { VolumeCapability } from "./csi-messages.ts"
import { measureVolume } from "./measure-volume.ts"
import { publishAttributes, secretData } from "./publish-attributes.ts"
import {
  type CsiVolumeData,
  listAllPublished,
  listPublished,
  listStaged,
  writeVolumeData,
} from "./volume-data.ts"

export interface CsiVolumesOptions {
  readonly paths: KubeletPaths
  readonly nodeName: string
  readonly drivers: CsiDrivers
  readonly objects: NodeObjects
  readonly tokens: Pick<ServiceAccountTokens, "getStatus">
  readonly growth: VolumeGrowth
  readonly clock: Clock
  readonly log: Logger
  /** Resolves when the node's status says what `inUse` does: nothing may be mounted of which it does not tell. */
  readonly tellInUse: () => Promise<void>
}

/** A volume where a pod has it. */
interface Published {
  readonly volume: CsiVolume
  readonly driver: CsiDriver
  readonly capability: VolumeCapability
  readonly target: string
  /** "" for drivers that do not stage. */
  readonly staged: string
}

/**
 * Volumes of CSI drivers: once per node they are staged, once per pod published. Everything is noted on disk beside the
 * mounts and asked from there, so that a kubelet that starts anew can undo what another did. Calls are idempotent, as the
 * interface demands; those for one volume come one after the other.
 */
export class CsiVolumes {
  readonly #options: CsiVolumesOptions
  readonly #queue = new KeyedQueue()
  readonly #inUse = new Set<string>()
  readonly #attachLimit: AttachLimit

  constructor(options: CsiVolumesOptions) {
    this.#options = options
    this.#attachLimit = new AttachLimit(options)
  }

  /** Names of the volumes that this node needs attached. */
  inUse(): readonly string[] {
    return [...this.#inUse].sort()
  }

  /** Finds what an earlier process has mounted. */
  async start(): Promise<void> {
    const { paths } = this.#options
    for (const { data } of [...(await listStaged(paths)), ...(await listAllPublished(paths))])
      this.#inUse.add(nameOf(data))
  }

  /** Drivers that want it hear of the pod anew (requiresRepublish), and volumes that have grown are made to grow here. */
  async #lookAfter(pod: Pod, volume: CsiVolume): Promise<void> {
    const { objects, growth } = this.#options
    const object = await objects.find(CSIDriver, { name: volume.driver })
    const { claim, specName: volumeName } = volume
    const isDue =
      object?.spec.requiresRepublish || (claim && (await growth.isDue({ pod, claim, volumeName })))
    // Mounting again republishes, and lets it grow; growing alone disturbs the driver less.
    if (isDue) await this.mount(pod, volume)
  }

  /** Stages and publishes; done before, it is made sure of. Throws VolumeError, or AdmissionError if it never will be. */
  async mount(pod: Pod, volume: CsiVolume): Promise<MountedVolume> {
    return this.#queue.run(uniqueCsiName(volume), () => this.#mount(pod, volume))
  }

  async #mount(pod: Pod, volume: CsiVolume): Promise<MountedVolume> {
    const { objects, paths } = this.#options
    const { specName } = volume
    const object = await objects.find(CSIDriver, { name: volume.driver })
    const publishContext = await this.#attach(pod, volume, object)
    const device = volume.isBlock ? "MapVolume.SetUpDevice" : "MountVolume.MountDevice"
    const first = volume.lifecycle === "Ephemeral" ? "MountVolume.SetUp" : device
    const driver = await failing(volume, first, () => this.#driver(volume.driver, first))
    await failing(volume, "MountVolume.SetUp", () => checkLifecycle(volume, object))
    const capability = await failing(volume, device, () => capabilityOf(pod, volume, driver))
    const staged =
      volume.lifecycle === "Persistent"
        ? await failing(volume, device, () => this.#stage(driver, { volume, capability, publishContext }))
        : ""
    const target = volume.isBlock
      ? paths.csiPublishedDevice(pod.metadata.uid, specName)
      : join(paths.csiVolume(pod.metadata.uid, specName), "mount")
    await failing(volume, volume.isBlock ? "MapVolume.MapPodDevice" : "MountVolume.SetUp", async () => {
      const attributes = await publishAttributes(this.#options, { pod, volume, object })
      await this.#publish(driver, pod, {
        volume,
        capability,
        publishContext,
        staged,
        target,
        ...attributes,
      })
      const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {}
      if (fsGroup === undefined || capability.mount?.volumeMountGroup || !changesGroup(volume, object)) return
      await giveToGroup(target, fsGroup, fsGroupChangePolicy)
    })
    await failing(volume, "MountVolume.NodeExpandVolume", () =>
      this.#growIfDue(pod, { volume, driver, capability, target, staged }),
    )
    this.#attachLimit.forget(pod.metadata.uid)
    return {
      path: target,
      ...(volume.isBlock && { isDevice: true }),
      isReadOnly: volume.readOnly,
      measure: async () =>
        measureVolume(this.#options.drivers.get(volume.driver), { handle: volume.handle, target, staged }),
      lookAfter: (current) => this.#lookAfter(current, volume),
    }
  }

  async #growIfDue(pod: Pod, { volume, driver, capability, target, staged }: Published): Promise<void> {
    const { growth, objects } = this.#options
    const { claim, specName: volumeName, handle, expandSecret } = volume
    if (!claim) return
    await growth.finish({ pod, claim, volumeName }, async (requiredBytes) => {
      if (!(await driver.can("EXPAND_VOLUME"))) return false
      await driver.expand({
        volumeId: handle,
        volumePath: target,
        capacityRange: { requiredBytes },
        stagingTargetPath: staged,
        volumeCapability: capability,
        secrets: expandSecret ? await secretData(objects, expandSecret, "NodeExpandSecretRef") : {},
      })
      return true
    })
  }

  /** Waits for the control plane to attach the volume, where the driver wants that. */
  async #attach(pod: Pod, volume: CsiVolume, object: CSIDriver | undefined): Promise<Record<string, string>> {
    const { objects, nodeName, tellInUse } = this.#options
    if (volume.lifecycle === "Ephemeral") return {}
    const name = uniqueCsiName(volume)
    if (!this.#inUse.has(name)) {
      this.#inUse.add(name)
      if (object?.spec.attachRequired !== false) await tellInUse()
    }
    if (object?.spec.attachRequired === false) return {}
    const attachment = attachmentName(volume, nodeName)
    try {
      return await findAttachment(objects, volume, attachment)
    } catch (error) {
      await this.#attachLimit.check(pod, volume, { object, attachment })
      throw error
    }
  }

  /** Resolves to where it is staged; "" for drivers that do not stage. */
  async #stage(
    driver: CsiDriver,
    {
      volume,
      capability,
      publishContext,
    }: { volume: CsiVolume; capability: VolumeCapability; publishContext: Record<string, string> },
  ): Promise<string> {
    const { objects, paths } = this.#options
    const { specName, handle } = volume
    const directory = paths.csiGlobal(volume.driver, handle)
    await writeVolumeData(directory, this.#dataOf(volume))
    if (!(await driver.can("STAGE_UNSTAGE_VOLUME"))) return ""
    const stagingTargetPath = volume.isBlock
      ? paths.csiStagedDevice(specName)
      : join(directory, "globalmount")
    await makeDirectory(stagingTargetPath)
    await driver.stage({
      volumeId: handle,
      publishContext,
      stagingTargetPath,
      volumeCapability: capability,
      secrets: volume.stageSecret ? await secretData(objects, volume.stageSecret, "NodeStageSecretRef") : {},
      volumeContext: { ...volume.attributes },
    })
    return stagingTargetPath
  }

  async #publish(
    driver: CsiDriver,
    pod: Pod,
    request: {
      volume: CsiVolume
      capability: VolumeCapability
      publishContext: Record<string, string>
      staged: string
      target: string
      attributes: Record<string, string>
      secrets: Record<string, string>
    },
  ): Promise<void> {
    const { volume, target } = request
    const directory = this.#podDirectory(pod, volume)
    await makeDirectory(dirname(target))
    await writeVolumeData(directory, this.#dataOf(volume))
    try {
      await driver.publish({
        volumeId: volume.handle,
        publishContext: request.publishContext,
        stagingTargetPath: request.staged,
        targetPath: target,
        volumeCapability: request.capability,
        readonly: volume.readOnly,
        secrets: request.secrets,
        volumeContext: request.attributes,
      })
    } catch (error) {
      // Nothing of it is mounted: there is nothing to undo.
      if (isFinal(error) && !(await isThere(target))) await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  /** Undoes what was mounted for a pod, and for the node what no pod needs any more. Throws when a driver cannot. */
  async unmount(podUid: string): Promise<void> {
    const { paths } = this.#options
    this.#attachLimit.forget(podUid)
    for (const { directory, data, target } of await listPublished(paths, podUid))
      await this.#queue.run(nameOf(data), () => this.#unmount(directory, data, target))
  }

  async #unmount(directory: string, data: CsiVolumeData, target: string): Promise<void> {
    const driver = this.#driver(data.driverName, "Unmount")
    await driver.unpublish(data.volumeHandle, target)
    // The driver should have removed it; some do not. Never more than an empty directory: it could still be mounted.
    await rmdir(target).catch(() => rm(target, { force: true }).catch(() => {}))
    if (await isThere(target))
      throw new Error(`kubernetes.io/csi: ${target} is still there after it was unmounted`)
    await rm(directory, { recursive: true, force: true })
    if (data.volumeLifecycleMode === "Persistent") await this.#unstageIfUnused(data)
  }

  /** When a driver comes: what was not undone for want of it. */
  async unstageUnused(driverName: string): Promise<void> {
    const { paths, log } = this.#options
    for (const { data } of await listStaged(paths, driverName))
      await this.#queue
        .run(nameOf(data), () => this.#unstageIfUnused(data))
        .catch((error: unknown) => log.warn("volume not unstaged", { volume: data.volumeHandle, error }))
  }

  async #unstageIfUnused(data: CsiVolumeData): Promise<void> {
    const { paths, tellInUse, log } = this.#options
    const published = await listAllPublished(paths)
    if (published.some((user) => nameOf(user.data) === nameOf(data))) return
    const directory = paths.csiGlobal(data.driverName, data.volumeHandle)
    const driver = this.#driver(data.driverName, "Unstage")
    if (await driver.can("STAGE_UNSTAGE_VOLUME")) {
      const block = paths.csiStagedDevice(data.specVolID)
      const staged = (await isThere(block)) ? block : join(directory, "globalmount")
      await driver.unstage(data.volumeHandle, staged)
      await rmdir(staged).catch(() => {})
    }
    await rm(directory, { recursive: true, force: true })
    this.#inUse.delete(nameOf(data))
    void tellInUse().catch((error: unknown) => log.debug("volumes in use not told", { error }))
  }

  #driver(name: string, operation: string): CsiDriver {
    try {
      return this.#options.drivers.get(name)
    } catch (error) {
      const { message } = error as Error
      throw new Error(`kubernetes.io/csi: ${clientFailures[operation]}: ${message}`, { cause: error })
    }
  }

  #podDirectory({ metadata: { uid } }: Pod, { isBlock, specName }: CsiVolume): string {
    const { paths } = this.#options
    return isBlock ? paths.csiDevice(uid, specName) : paths.csiVolume(uid, specName)
  }

  #dataOf(volume: CsiVolume): CsiVolumeData {
    const { nodeName } = this.#options
    return {
      specVolID: volume.specName,
      volumeHandle: volume.handle,
      driverName: volume.driver,
      nodeName,
      volumeLifecycleMode: volume.lifecycle,
      attachmentID: attachmentName(volume, nodeName),
    }
  }
}

/** As the attach-detach controller names the VolumeAttachment. */
function attachmentName({ handle, driver }: CsiVolume, nodeName: string): string {
  return `csi-${sha256(`${handle}${driver}${nodeName}`)}`
}

function nameOf({ driverName, volumeHandle }: CsiVolumeData): string {
  return uniqueCsiName({ driver: driverName, handle: volumeHandle })
}

async function capabilityOf(pod: Pod, volume: CsiVolume, driver: CsiDriver): Promise<VolumeCapability> {
  const mode = csiAccessMode(volume, await driver.can("SINGLE_NODE_MULTI_WRITER"))
  if (volume.isBlock) return { block: {}, accessMode: { mode } }
  const { fsGroup } = pod.spec.securityContext ?? {}
  const takesGroup = fsGroup !== undefined && (await driver.can("VOLUME_MOUNT_GROUP"))
  const mount = {
    fsType: volume.fsType,
    mountFlags: [...volume.mountOptions],
    volumeMountGroup: takesGroup ? String(fsGroup) : "",
  }
  return { mount, accessMode: { mode } }
}

/** Failures as events tell them: which step, of which volume. */
async function failing<T>(
  { specName }: CsiVolume,
  operation: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new VolumeError(specName, (error as Error).message, { operation })
  }
}

/** As upstream tells that a driver is not there. */
const clientFailures: Readonly<Record<string, string>> = {
  "MountVolume.SetUp": "mounter.SetUpAt failed to get CSI client",
  "MountVolume.MountDevice": "attacher.MountDevice failed to create newCsiDriverClient",
  "MapVolume.SetUpDevice": "blockMapper.stageVolumeForBlock failed to get CSI client",
  Unmount: "Unmounter.TearDownAt failed to get CSI client",
  Unstage: "attacher.UnmountDevice failed to create newCsiDriverClient",
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o750 })
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}
