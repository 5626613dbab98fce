import { createHash } from "node:crypto"
import { mkdir, rm } from "node:fs/promises"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { type Random, uuid } from "../../base/random.ts"
import { mountsBelow } from "../../base/real/mount-table.ts"
import { type ImageService, isRuntimeError, type RuntimeService, type RuntimeVersion } from "../cri.ts"
import { ociArchitecture } from "../image-archive/oci-archive.ts"
import { pauseImageArchive, pauseImageName } from "../pause-image.ts"
import { type ContainerdPaths, containerdPaths, renderConfig } from "./config.ts"
import { connectGrpc } from "../../base/real/grpc/grpc-channel.ts"
import { mountsImages, withImageVolumes } from "./image-volumes.ts"
import { loadImageArchive, readArchiveFile } from "./load-image-archive.ts"
import { mayLowerOomScores, overlayWorks } from "./machine-rights.ts"
import { endOrphanShims, endTree, findShims } from "./orphan-shims.ts"
import { createImageService, createRuntimeService } from "./runtime-service.ts"
import { createSnapshots } from "./snapshots.ts"
import { findDaemon, superviseContainerd } from "./supervise.ts"

export interface ContainerdOptions {
  /** The node's own directory for it; made if missing. No other containerd may use it. */
  readonly directory: string
  /** Where containerd finds the network plugin and its configuration; see the network's README. */
  readonly cniConfigDirectory: string
  readonly cniBinaryDirectory: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly commands: Commands
  /** @default "containerd", searched for in PATH */
  readonly binary?: string
}

/** A containerd of our own, ready to run pods. */
export interface Containerd {
  readonly runtime: RuntimeService
  readonly images: ImageService
  readonly version: RuntimeVersion
  /** "unix:///.../containerd.sock", for `crictl` and for people. */
  readonly endpoint: string
  readonly pid: number | undefined
  /** Loads the images of an archive file (OCI layout or `docker save`, plain or gzipped); resolves to their names. */
  loadImages(archivePath: string, name?: string): Promise<string[]>
  /** Ends the process. Pods keep running unless `stopAllPods` came first. */
  stop(): Promise<void>
}

const startMs = 30_000

/** Starts it, waits until it answers and gives it the sandbox image. About 0.2 s. */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const { clock, log, directory } = options
  const paths = containerdPaths(directory, shortDirectory(directory))
  const registryDirectory = `${directory}/registries`
  await mkdir(registryDirectory, { recursive: true })
  await mkdir(options.cniConfigDirectory, { recursive: true })
  const snapshotter = (await overlayWorks(`${directory}/probe`, options.commands)) ? "overlayfs" : "native"
  if (snapshotter === "native")
    log.warn("no overlay file system here: every container gets a full copy of its image", { directory })
  let tidying = new AbortController()
  const supervised = await superviseContainerd({
    paths,
    config: renderConfig({
      paths,
      sandboxImage: pauseImageName,
      cniConfigDirectory: options.cniConfigDirectory,
      cniBinaryDirectory: options.cniBinaryDirectory,
      snapshotter,
      registryDirectory,
      lowerOomScores: await mayLowerOomScores(),
    }),
    clock,
    log,
    restarted: () => keepTidy(),
    ...(options.binary !== undefined && { binary: options.binary }),
  })
  const channel = await connectGrpc(`unix:${paths.socket}`, () => clock.now()).catch(
    async (error: unknown) => {
      await supervised.stop()
      throw error
    },
  )
  const runtime = createRuntimeService(channel)
  const images = createImageService(channel)
  /** What a containerd that died has left half made. */
  async function tidy(): Promise<void> {
    await firstAnswer(runtime, clock, paths.log)
    const known = await Promise.all([runtime.listPodSandboxes(), runtime.listContainers()])
    const ids = new Set(known.flat().map(({ id }) => id))
    const ended = supervised.pid === undefined ? 0 : await endOrphanShims(paths.socket, supervised.pid, ids)
    if (ended > 0) log.info("ended shims that nobody knew any more", { ended })
  }
  /** A sandbox that was half made is still known at first; once it has been removed, nobody knows its shim any more. */
  function keepTidy(): void {
    tidying.abort()
    tidying = new AbortController()
    const { signal } = tidying
    const look = () => tidy().catch((error: unknown) => log.debug("shims not looked at", { error }))
    void (async () => {
      await look()
      for (let waitMs = 5000; waitMs < 600_000 && !signal.aborted; waitMs *= 2) {
        await sleep(clock, waitMs, signal)
        if (!signal.aborted) await look()
      }
    })()
  }
  try {
    const version = await firstAnswer(runtime, clock, paths.log)
    await tidy()
    keepTidy()
    const load = async (archive: AsyncIterable<Uint8Array>, name?: string) => {
      const id = uuid(options.random)
      const loaded = await loadImageArchive(channel, archive, { id, now: clock.now(), ...(name && { name }) })
      for (const image of loaded) await waitForImage(images, image, clock)
      return loaded
    }
    if (!(await images.findImage(pauseImageName))) await load(pauseArchive())
    const snapshots = createSnapshots(channel, {
      snapshotter,
      now: () => clock.now(),
      uniqueId: () => uuid(options.random),
    })
    const { commands } = options
    const imageDirectory = `${paths.state}/image-volumes`
    return {
      runtime: mountsImages(version)
        ? runtime
        : withImageVolumes(runtime, { snapshots, directory: imageDirectory, commands }),
      images,
      version,
      endpoint: `unix://${paths.socket}`,
      get pid() {
        return supervised.pid
      },
      loadImages: (path, name) => load(readArchiveFile(path), name),
      async stop() {
        tidying.abort()
        const pods = await runtime.listPodSandboxes({ state: "SANDBOX_READY" }).catch(() => undefined)
        channel.close()
        await supervised.stop()
        if (pods?.length === 0) await removeRemains(paths, options.commands)
        await rm(shortDirectory(directory), { recursive: true, force: true })
      },
    }
  } catch (error) {
    channel.close()
    tidying.abort()
    await supervised.stop()
    throw error
  }
}

async function* pauseArchive(): AsyncGenerator<Uint8Array> {
  yield pauseImageArchive(ociArchitecture(process.arch))
}

/** When no pod runs, nothing may be left but files: not even what was half made when somebody died. */
async function removeRemains({ socket, state }: ContainerdPaths, commands: Commands): Promise<void> {
  for (const { pid } of await findShims(socket)) await endTree(pid)
  for (const point of await mountsBelow(state))
    if (point !== state) await commands.run("umount", ["--lazy", point]).catch(() => "")
}

/** What runs of a containerd that was started in this directory, whether anybody looks after it or not. */
export async function findContainerdProcesses(directory: string): Promise<readonly number[]> {
  const paths = containerdPaths(directory, shortDirectory(directory))
  const shims = (await findShims(paths.socket)).map(({ pid }) => pid)
  const daemon = await findDaemon(paths)
  return daemon === undefined ? shims : [daemon, ...shims]
}

function shortDirectory(directory: string): string {
  return `/run/coracle-${createHash("sha256").update(directory).digest("hex").slice(0, 12)}`
}

/** Calls fail with Unavailable until it is ready. */
async function firstAnswer(runtime: RuntimeService, clock: Clock, log: string): Promise<RuntimeVersion> {
  for (let startedMs = clock.monotonic(); ; ) {
    try {
      return await runtime.version()
    } catch (error) {
      if (isRuntimeError(error, "Unimplemented"))
        throw new Error(`this containerd lacks its CRI plugin, or the plugin failed; its log is ${log}`, {
          cause: error,
        })
      if (!isRuntimeError(error, "Unavailable") || clock.monotonic() - startedMs > startMs)
        throw new Error(`containerd does not answer; its log is ${log}`, { cause: error })
    }
    await sleep(clock, 10)
  }
}

/** The CRI learns of images that it did not pull by an event, a moment later. */
async function waitForImage(images: ImageService, name: string, clock: Clock): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await images.findImage(name)) return
    await sleep(clock, 10)
  }
  throw new Error(`the image ${name} was loaded, but the container runtime does not show it`)
}
