import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import { pluginName } from "../../volumes/plugin-name.ts"
import { chmod, mkdir, readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { type Clock, sleep, type Timer } from "../../../base/clock.ts"
import type { Commands } from "../../../base/commands.ts"
import { isMounted } from "../../../base/real/mount-table.ts"
import type { Logger } from "../../../base/log.ts"
import { ConfigMap } from "../../../api/core/v1/config-map.ts"
import type { Container } from "../../../api/core/v1/container.ts"
import type { FileKeySelector } from "../../../api/core/v1/env-var.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { Secret } from "../../../api/core/v1/secret.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { Device, Mount } from "../../../container-runtime/cri.ts"
import {
  AdmissionError,
  type ContainerMountNeeds,
  type PodVolumes,
  VolumeError,
  type VolumeUsage,
} from "../../node-host.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { ServiceAccountTokens } from "../../volumes/service-account-tokens.ts"
import { type FileSources, volumeFiles } from "../../volumes/volume-files.ts"
import type { CsiVolumes } from "../csi/csi-volumes.ts"
import type { KubeletPaths } from "../kubelet-paths.ts"
import { writeAtomically } from "./atomic-directory.ts"
import { containerMounts } from "./container-mounts.ts"
import { Disks } from "./disks.ts"
import type { PodCertificates } from "./pod-certificates.ts"
import { mountSource } from "./mount-source.ts"
import type { MountedVolume } from "./mounted-volume.ts"
import { measureVolumes } from "./volume-usage.ts"
import { readVolumeVariable } from "./volume-variable.ts"
import { ensureShared, unmountBelow } from "./mounts.ts"
import type { VolumeGrowth } from "./volume-growth.ts"

export interface RealPodVolumesOptions {
  readonly paths: KubeletPaths
  readonly objects: NodeObjects
  readonly tokens: ServiceAccountTokens
  readonly certificates: PodCertificates
  readonly csi: CsiVolumes
  readonly growth: VolumeGrowth
  readonly metrics: Pick<KubeletMetrics, "storageOperations">
  /** Facts for the downward API; asked anew each time. */
  readonly facts: (pod: Pod) => Pick<FileSources, "allocatable" | "addresses" | "trustBundle">
  readonly commands: Commands
  readonly clock: Clock
  readonly log: Logger
}

const minUsageAgeMs = 10_000
const lookMs = 60_000

/** A pod whose volumes are there, and what keeps them current. */
interface MountedPod {
  pod: Pod
  /** Where each volume is on the host. */
  readonly paths: Map<string, MountedVolume>
  /** Names of volumes whose objects are watched. */
  readonly followed: Set<string>
  readonly unfollow: (() => void)[]
  retry: () => void
  refresh?: Timer
  /** What was measured last, and how long that will do. */
  usage?: { readonly measured: Promise<readonly VolumeUsage[]>; untilMs: number }
  writing: Promise<void>
}

/** Volumes on a real file system, below `pods/<uid>/volumes` of the kubelet's directory as upstream lays them out. */
export class RealPodVolumes implements PodVolumes {
  readonly #options: RealPodVolumesOptions
  readonly #mounted = new Map<string, MountedPod>()
  readonly #disks: Disks
  #versions = 0

  constructor(options: RealPodVolumesOptions) {
    this.#options = options
    this.#disks = new Disks(options.commands, options.log)
  }

  /** Secrets live in memory alone, in one file system for the whole node. Call once, before anything else. */
  async start(): Promise<void> {
    const { paths, commands, csi } = this.#options
    await csi.start()
    await ensureShared(paths.root, commands)
    const directory = paths.secrets
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (await isMounted(directory)) return
    await commands
      .run("mount", ["-t", "tmpfs", "-o", "mode=0700", "tmpfs", directory])
      .catch((error: unknown) => this.#options.log.warn("secrets are kept on disk", { directory, error }))
  }

  /** Looks after what is mounted, every minute until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    for (await sleep(clock, lookMs, signal); !signal.aborted; await sleep(clock, lookMs, signal))
      for (const mounted of this.#mounted.values())
        for (const [volume, { lookAfter }] of mounted.paths)
          await lookAfter?.(mounted.pod).catch((error: unknown) =>
            log.warn("volume not looked after", { pod: mounted.pod.metadata.name, volume, error }),
          )
  }

  /** Unmounts everything of every pod. For the end of the node, when no pod runs any more. */
  async close(): Promise<void> {
    for (const podUid of this.#mounted.keys())
      await this.unmount(podUid).catch((error: unknown) =>
        this.#options.log.warn("volumes not unmounted in order", { podUid, error }),
      )
    await unmountBelow(this.#options.paths.root, this.#options.commands)
  }

  async mount(pod: Pod, retry: () => void): Promise<void> {
    const mounted = this.#mountedOf(pod)
    mounted.retry = retry
    for (const volume of pod.spec.volumes ?? []) {
      if (mounted.paths.has(volume.name)) continue
      if (!this.#isMounted(mounted)) return
      this.#follow(mounted, volume)
      const beganMs = this.#options.clock.monotonic()
      try {
        mounted.paths.set(volume.name, await this.#mountVolume(pod, volume))
        this.#count([volume], "volume_mount", "success", beganMs)
      } catch (error) {
        this.#count([volume], "volume_mount", "fail-unknown", beganMs)
        if (error instanceof VolumeError || error instanceof AdmissionError) throw error
        throw new VolumeError(volume.name, (error as Error).message)
      }
    }
    this.#scheduleRefresh(mounted)
  }

  #count(
    volumes: readonly Volume[],
    operation: "volume_mount" | "volume_unmount",
    status: "success" | "fail-unknown",
    beganMs: number,
  ): void {
    const { clock, metrics } = this.#options
    const seconds = (clock.monotonic() - beganMs) / 1000
    for (const volume of volumes)
      metrics.storageOperations.observe(seconds, pluginName(volume), operation, status, "false")
  }

  #mountedOf(pod: Pod): MountedPod {
    const { uid } = pod.metadata
    let mounted = this.#mounted.get(uid)
    if (!mounted) {
      mounted = {
        pod,
        paths: new Map(),
        followed: new Set(),
        unfollow: [],
        writing: Promise.resolve(),
        retry: () => {},
      }
      this.#mounted.set(uid, mounted)
    }
    mounted.pod = pod
    return mounted
  }

  update(pod: Pod): void {
    const mounted = this.#mounted.get(pod.metadata.uid)
    if (!mounted) return
    mounted.pod = pod
    const followsPod = (pod.spec.volumes ?? []).some(
      ({ downwardAPI, projected }) =>
        downwardAPI !== undefined || projected?.sources?.some((source) => source.downwardAPI !== undefined),
    )
    if (followsPod) this.#rewrite(mounted)
  }

  /** Something that projected volumes show has changed: trust bundles, or the certificate of one pod. */
  refreshProjected(source: "clusterTrustBundle" | "podCertificate", podUid?: string): void {
    for (const [uid, mounted] of this.#mounted) {
      if (podUid !== undefined && podUid !== uid) continue
      for (const { name, projected } of mounted.pod.spec.volumes ?? []) {
        if (!projected?.sources?.some((each) => each[source])) continue
        if (mounted.paths.has(name)) this.#rewrite(mounted)
        else mounted.retry()
      }
    }
  }

  containerMounts(pod: Pod, container: Container, needs: ContainerMountNeeds): Promise<Mount[]> {
    const { uid } = pod.metadata
    return containerMounts({
      pod,
      container,
      needs,
      mounted: this.#mounted.get(uid)?.paths ?? new Map<string, MountedVolume>(),
      podDirectory: this.#options.paths.pod(uid),
      commands: this.#options.commands,
    })
  }

  containerDevices(pod: Pod, container: Container): Device[] {
    const mounted = this.#mounted.get(pod.metadata.uid)
    return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
      const volume = mounted?.paths.get(name)
      if (!volume?.isDevice) throw new Error(`volume "${name}" is not a device`)
      const source = pod.spec.volumes?.find((each) => each.name === name)
      const isReadOnly = source?.persistentVolumeClaim?.readOnly ?? false
      return { containerPath: devicePath, hostPath: volume.path, permissions: isReadOnly ? "r" : "mrw" }
    })
  }

  async readVariable(pod: Pod, source: FileKeySelector): Promise<string | undefined> {
    const volume = this.#mounted.get(pod.metadata.uid)?.paths.get(source.volumeName)
    if (!volume) throw new Error(`cannot find the volume "${source.volumeName}" referenced by FileKeyRef`)
    const { name, namespace } = pod.metadata
    return readVolumeVariable(volume.path, source, (error) =>
      this.#options.log.error("environment file not read", { pod: `${namespace}/${name}`, error }),
    )
  }

  usage(podUid: string): Promise<readonly VolumeUsage[]> {
    const mounted = this.#mounted.get(podUid)
    if (!mounted) return Promise.resolve([])
    const { clock, commands, log } = this.#options
    if (!mounted.usage || clock.monotonic() >= mounted.usage.untilMs) {
      const startedMs = clock.monotonic()
      const measured = measureVolumes(mounted.pod.spec.volumes ?? [], mounted.paths, commands).catch(
        (error: unknown) => {
          log.debug("volumes not measured", { pod: mounted.pod.metadata.name, error })
          return []
        },
      )
      const usage = { measured, untilMs: Number.POSITIVE_INFINITY }
      mounted.usage = usage
      void measured.then(() => {
        // Where it takes long it is done less often.
        const tookMs = clock.monotonic() - startedMs
        usage.untilMs = clock.monotonic() + Math.max(minUsageAgeMs, tookMs * 50)
      })
    }
    return mounted.usage.measured
  }

  async unmount(podUid: string): Promise<void> {
    const mounted = this.#mounted.get(podUid)
    const beganMs = this.#options.clock.monotonic()
    if (mounted) {
      for (const unfollow of mounted.unfollow) unfollow()
      mounted.refresh?.cancel()
      this.#mounted.delete(podUid)
      await mounted.writing
    }
    await this.#options.csi.unmount(podUid)
    this.#options.tokens.forget(podUid)
    this.#options.certificates.forget(podUid)
    const pod = this.#options.paths.pod(podUid)
    const secrets = join(this.#options.paths.secrets, podUid)
    for (const directory of [join(pod, "volumes"), join(pod, "volume-subpaths"), secrets]) {
      await unmountBelow(directory, this.#options.commands)
      await rm(directory, { recursive: true, force: true })
    }
    // They go together: each has taken as long as all.
    const gone = mounted?.pod.spec.volumes?.filter(({ name }) => mounted.paths.has(name)) ?? []
    this.#count(gone, "volume_unmount", "success", beganMs)
  }

  async listPods(): Promise<readonly string[]> {
    return readdir(this.#options.paths.pods).catch(() => [])
  }

  /** Makes one volume ready. */
  async #mountVolume(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const { objects, commands, csi, growth, paths } = this.#options
    const directory = this.#volumeDirectory(pod, volume)
    const disks = this.#disks
    const context = { pod, directory, objects, commands, csi, disks, growth, root: paths.root }
    const mounted = await mountSource(context, volume)
    if (mounted) return mounted
    await mkdir(directory, { recursive: true })
    await chmod(directory, 0o777)
    if (!(await this.#writeFiles(pod, volume)))
      throw new Error(
        `no volume plugin matched: volume "${volume.name}" is of a type this kubelet does not know`,
      )
    return { path: directory }
  }

  /** Writes what an object-backed volume holds now; false for volumes of other types. */
  async #writeFiles(pod: Pod, volume: Volume): Promise<boolean> {
    const { objects, tokens, facts, certificates } = this.#options
    const files = await volumeFiles(pod, volume, {
      findConfigMap: (namespace, name) => objects.find(ConfigMap, { namespace, name }),
      findSecret: (namespace, name) => objects.find(Secret, { namespace, name }),
      token: (of, audience, expirationSeconds) => tokens.get(of, audience, expirationSeconds),
      podCertificate: (of, place, source) => certificates.get(of, place, source),
      ...facts(pod),
    })
    if (!files) return false
    const group = pod.spec.securityContext?.fsGroup
    const time = new Date(this.#options.clock.now()).toISOString().slice(0, 19).replace(/[-T:]/g, "_")
    await writeAtomically(this.#volumeDirectory(pod, volume), files, {
      version: `${time}.${this.#versions++}`,
      ...(group !== undefined && { group }),
    })
    return true
  }

  /** Rewrites the volume whenever an object that it shows changes; one that was missing may be there now. */
  #follow(mounted: MountedPod, { name: volumeName, configMap, secret, projected }: Volume): void {
    if (mounted.followed.has(volumeName)) return
    mounted.followed.add(volumeName)
    const { namespace = "" } = mounted.pod.metadata
    const configMaps = [
      configMap?.name,
      ...(projected?.sources ?? []).map((source) => source.configMap?.name),
    ]
    const secrets = [secret?.secretName, ...(projected?.sources ?? []).map((source) => source.secret?.name)]
    const changed = () => (mounted.paths.has(volumeName) ? this.#rewrite(mounted) : mounted.retry())
    for (const name of configMaps)
      if (name) mounted.unfollow.push(this.#options.objects.follow(ConfigMap, { namespace, name }, changed))
    for (const name of secrets)
      if (name) mounted.unfollow.push(this.#options.objects.follow(Secret, { namespace, name }, changed))
  }

  /** One after the other: two versions of a volume must not be written at the same time. */
  #rewrite(mounted: MountedPod): void {
    const { log } = this.#options
    mounted.writing = mounted.writing.then(async () => {
      if (!this.#isMounted(mounted)) return
      for (const volume of mounted.pod.spec.volumes ?? []) {
        if (!mounted.paths.has(volume.name)) continue
        // An object that is gone leaves what was shown of it: a running program keeps its configuration.
        await this.#writeFiles(mounted.pod, volume).catch((error: unknown) =>
          log.warn("volume not updated", { pod: mounted.pod.metadata.name, volume: volume.name, error }),
        )
      }
      this.#scheduleRefresh(mounted)
    })
  }

  /** False once the pod was unmounted, which what takes long may learn only afterwards. */
  #isMounted(mounted: MountedPod): boolean {
    return this.#mounted.get(mounted.pod.metadata.uid) === mounted
  }

  #scheduleRefresh(mounted: MountedPod): void {
    if (!this.#isMounted(mounted)) return
    const { clock, tokens, certificates } = this.#options
    const { uid } = mounted.pod.metadata
    const times = [tokens.refreshAtMs(uid), certificates.refreshAtMs(uid)].filter(
      (time) => time !== undefined,
    )
    mounted.refresh?.cancel()
    if (times.length === 0) return
    const atMs = Math.min(...times)
    const delayMs = Math.max(atMs - clock.now(), 1000)
    mounted.refresh = clock.after(delayMs, () => this.#rewrite(mounted))
  }

  #volumeDirectory(pod: Pod, volume: Volume): string {
    const { uid } = pod.metadata
    const plugin = volume.emptyDir
      ? "empty-dir"
      : volume.configMap
        ? "configmap"
        : volume.secret
          ? "secret"
          : volume.downwardAPI
            ? "downward-api"
            : volume.projected
              ? "projected"
              : "mount"
    const isSecret = volume.secret !== undefined || volume.projected !== undefined
    const parent = isSecret
      ? join(this.#options.paths.secrets, uid)
      : join(this.#options.paths.pod(uid), "volumes")
    return join(parent, `kubernetes.io~${plugin}`, volume.name)
  }
}
