import { mkdir, open, readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { type Commands, CommandError } from "../../base/commands.ts"
import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { replaceFile } from "../../base/real/replace-file.ts"
import type { IdMapping, UserNamespace } from "../../container-runtime/cri.ts"
import type { PodUsers } from "../node-host.ts"
import {
  defaultIdsPerPod,
  defaultSubordinateIds,
  IdRanges,
  parseSubordinateIds,
  type SubordinateIds,
} from "../user-namespaces/id-ranges.ts"
import type { KubeletPaths } from "./kubelet-paths.ts"

export interface PodUsersOptions {
  readonly paths: KubeletPaths
  readonly commands: Commands
  readonly maxPods: number
  /** @default 65536 */
  readonly idsPerPod?: number | undefined
}

/**
 * Pods' users: which ids of the machine stand for a pod's own is written down in its directory, in upstream's file, before a
 * container has them, and read again by the next kubelet. Throws when the machine's ids cannot be given so.
 */
export async function createPodUsers(options: PodUsersOptions): Promise<PodUsers> {
  const { paths, commands, maxPods, idsPerPod = defaultIdsPerPod } = options
  const ids = (await findSubordinateIds(commands)) ?? defaultSubordinateIds(idsPerPod)
  const ranges = new IdRanges({ ...ids, idsPerPod, maxPods })
  const file = (podUid: string) => join(paths.pod(podUid), "userns")

  async function recall(podUid: string): Promise<void> {
    const text = await readFile(file(podUid), "utf8").catch(() => "")
    if (text === "") return
    const { hostId, length } = parseMappings(text)
    ranges.record(podUid, hostId, length)
  }
  for (const podUid of await readdir(paths.pods).catch(() => []))
    await recall(podUid).catch((error: Error) => {
      throw new Error(`record pod mappings for existing pod "${podUid}": ${error.message}`)
    })

  return {
    async ensure(podUid) {
      const isNew = ranges.find(podUid) === undefined
      const firstId = ranges.allocate(podUid)
      const mapping = { hostId: firstId, containerId: 0, length: ranges.idsPerPod }
      if (!isNew) return ofMapping(mapping)
      try {
        await mkdir(paths.pod(podUid), { recursive: true, mode: 0o750 })
        await replaceFile(
          file(podUid),
          JSON.stringify({ uidMappings: [mapping], gidMappings: [mapping] }),
          0o600,
        )
        await syncDirectory(paths.pod(podUid))
      } catch (error) {
        ranges.release(podUid)
        throw error
      }
      return ofMapping(mapping)
    },
    async release(podUid) {
      await rm(file(podUid), { force: true })
      ranges.release(podUid)
    },
  }
}

function ofMapping(mapping: IdMapping): UserNamespace {
  return { mode: "POD", uids: [mapping], gids: [mapping] }
}

/** Throws, in upstream's words, when it is nothing that we have written. */
function parseMappings(text: string): IdMapping {
  const { uidMappings = [], gidMappings = [] } = JSON.parse(text) as {
    uidMappings?: IdMapping[]
    gidMappings?: IdMapping[]
  }
  const problem = (what: string) => new Error(`invalid user namespace configuration: ${what}`)
  const [mapping] = uidMappings
  if (!mapping || uidMappings.length !== 1) throw problem("no more than one mapping allowed.")
  if (!jsonEqual(uidMappings, gidMappings)) throw problem("GID and UID mapping should be identical")
  if (mapping.containerId !== 0) throw problem("UID 0 must be mapped")
  return mapping
}

/** A name in a directory is only sure to be there after a crash when the directory was written as well. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * What the machine's administrator has set aside for the user "kubelet" (/etc/subuid and /etc/subgid); undefined where that
 * user or the tool is not there. Whoever made the user meant it: then there must be an answer.
 */
async function findSubordinateIds(commands: Commands): Promise<SubordinateIds | undefined> {
  const isUser = await commands.run("id", ["-u", "kubelet"]).then(
    () => true,
    () => false,
  )
  if (!isUser) return undefined
  try {
    const [users, groups] = await Promise.all([
      commands.run("getsubids", ["kubelet"]),
      commands.run("getsubids", ["-g", "kubelet"]),
    ])
    if (users !== groups) throw new Error('mismatched subuids and subgids for user "kubelet"')
    return parseSubordinateIds(users)
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === undefined) return undefined
    throw error
  }
}
