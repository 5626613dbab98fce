import { createHash } from "node:crypto"
import { watch } from "node:fs"
import { mkdir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { toStaticPod } from "../static-pods/static-pod.ts"
import type { StaticPodSource } from "../static-pods/static-pods.ts"

export interface StaticPodFilesOptions {
  readonly directory: string
  readonly nodeName: string
  readonly clock: Clock
  readonly log: Logger
}

/** Looked at this often even if the system tells nothing, as upstream does. */
const periodMs = 20_000
/** Editors write a file in several steps. */
const settleMs = 100

/** Manifests in a directory, one pod each. A file that cannot be read is passed over, and said. */
export function staticPodFiles(options: StaticPodFilesOptions): StaticPodSource {
  const { directory, clock, log } = options
  return {
    async follow(changed, signal) {
      await mkdir(directory, { recursive: true })
      let known = new Map<string, Pod>()
      const look = async () => {
        known = await readManifests(options, known)
        return [...known.values()]
      }
      const initial = await look()
      const tell = () => {
        if (signal.aborted) return
        look().then(changed, (error: unknown) => log.warn("static pods not read", { directory, error }))
      }
      let soon = clock.after(periodMs, tell)
      const again = (delayMs: number) => {
        soon.cancel()
        soon = clock.after(delayMs, () => {
          tell()
          again(periodMs)
        })
      }
      again(periodMs)
      const watcher = watch(directory, { persistent: false }, () => again(settleMs))
      watcher.on("error", () => {})
      signal.addEventListener(
        "abort",
        () => {
          watcher.close()
          soon.cancel()
        },
        { once: true },
      )
      return initial
    },
  }
}

/** Pods by file. One whose file has not changed is the same object as before. */
async function readManifests(
  { directory, nodeName, clock, log }: StaticPodFilesOptions,
  known: ReadonlyMap<string, Pod>,
): Promise<Map<string, Pod>> {
  const pods = new Map<string, Pod>()
  for (const name of (await readdir(directory)).sort()) {
    if (name.startsWith(".") || !/\.(ya?ml|json)$/.test(name)) continue
    try {
      const text = await readFile(join(directory, name), "utf8")
      const uid = createHash("sha256").update(`${nodeName}\n${name}\n${text}`).digest("hex").slice(0, 32)
      const before = known.get(name)
      const isSame = before?.metadata.uid === uid
      pods.set(name, isSame ? before : toStaticPod(parseYaml(text), { nodeName, uid, nowMs: clock.now() }))
    } catch (error) {
      log.warn("static pod not read", { file: join(directory, name), error })
    }
  }
  return pods
}
