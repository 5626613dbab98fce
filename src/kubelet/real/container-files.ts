import { chmod, mkdir, open, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Random, safeSuffix } from "../../base/random.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Mount } from "../../container-runtime/cri.ts"
import { hostsFile, hostsFileOfHost } from "../containers/hosts-file.ts"
import type { PodAddresses } from "../containers/pod-field.ts"
import type { ContainerFiles } from "../node-host.ts"
import type { KubeletPaths } from "./kubelet-paths.ts"

export interface RealContainerFilesOptions {
  readonly paths: KubeletPaths
  /** Logs of all pods: `<namespace>_<name>_<uid>/<container>/<attempt>.log`. */
  readonly logDirectory: string
  readonly clusterDomain: string
  readonly random: Random
}

const maxTerminationMessageBytes = 4096

export class RealContainerFiles implements ContainerFiles {
  readonly #options: RealContainerFilesOptions

  constructor(options: RealContainerFilesOptions) {
    this.#options = options
  }

  async ensureLogDirectory({ metadata }: Pod): Promise<string> {
    const name = `${metadata.namespace}_${metadata.name}_${metadata.uid}`
    const directory = join(this.#options.logDirectory, name)
    await mkdir(directory, { recursive: true, mode: 0o750 })
    return directory
  }

  async containerMounts(pod: Pod, container: Container, addresses: PodAddresses): Promise<Mount[]> {
    const own = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath))
    const mounts: Mount[] = []
    if (!own.has("/etc/hosts")) {
      const hostPath = join(this.#options.paths.pod(pod.metadata.uid), "etc-hosts")
      await mkdir(this.#options.paths.pod(pod.metadata.uid), { recursive: true })
      await writeFile(hostPath, await this.#hosts(pod, addresses), { mode: 0o644 })
      mounts.push({ containerPath: "/etc/hosts", hostPath, readonly: false })
    }
    const { terminationMessagePath } = container
    if (terminationMessagePath && !own.has(terminationMessagePath)) {
      const directory = join(this.#options.paths.pod(pod.metadata.uid), "containers", container.name)
      await mkdir(directory, { recursive: true, mode: 0o750 })
      const hostPath = join(directory, safeSuffix(this.#options.random, 8))
      await writeFile(hostPath, "")
      // Whatever user the container runs as must be able to write it.
      await chmod(hostPath, 0o666)
      mounts.push({ containerPath: terminationMessagePath, hostPath, readonly: false })
    }
    return mounts
  }

  async readTerminationMessage(hostPath: string): Promise<string> {
    const file = await open(hostPath, "r")
    try {
      const buffer = Buffer.alloc(maxTerminationMessageBytes)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      return buffer.subarray(0, bytesRead).toString()
    } finally {
      await file.close()
    }
  }

  async ensureCheckpointPath(name: string): Promise<string> {
    const directory = this.#options.paths.checkpoints
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return join(directory, name)
  }

  async listPods(): Promise<readonly string[]> {
    const { paths, logDirectory } = this.#options
    const logs = (await namesIn(logDirectory)).map((name) => name.slice(name.lastIndexOf("_") + 1))
    return [...(await namesIn(paths.pods)), ...logs]
  }

  async remove(podUid: string, { logs }: { readonly logs: boolean }): Promise<void> {
    await rm(this.#options.paths.pod(podUid), { recursive: true, force: true })
    if (logs) await removeEndingWith(this.#options.logDirectory, `_${podUid}`)
  }

  async #hosts(pod: Pod, { podIps }: PodAddresses): Promise<string> {
    if (!pod.spec.hostNetwork) return hostsFile(pod, podIps, this.#options.clusterDomain)
    return hostsFileOfHost(await readFile("/etc/hosts", "utf8").catch(() => ""), pod)
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => [])
}

async function removeEndingWith(directory: string, ending: string): Promise<void> {
  for (const name of await namesIn(directory))
    if (name.endsWith(ending)) await rm(join(directory, name), { recursive: true, force: true })
}
