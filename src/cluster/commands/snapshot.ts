import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs"
import { once } from "node:events"
import { parseFlags } from "../../base/flags.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../client/real/kubeconfig.ts"
import { openEmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { restoreSnapshot } from "../../etcd/embedded/restore.ts"
import { hashState } from "../../etcd/mvcc/hash.ts"
import { readSnapshotFile, writeSnapshotFile } from "../../etcd/snapshot/snapshot-file.ts"
import { dataDirectory, type DataDirectory, findOwner, findState } from "../data-directory.ts"
import { describeFlags, UsageError } from "./command.ts"
import { parseDataDir } from "./data-dir-flag.ts"

const saveFlags = {
  "data-dir": {
    type: "string",
    placeholder: "DIR",
    description: "the cluster's directory (root: /var/lib/coracle)",
  },
  at: {
    type: "string",
    placeholder: "TIME",
    description: "of that moment, as 2026-11-29T20:00:00Z, instead of now; the cluster must run",
  },
  help: { type: "bool", short: "h", description: "show this" },
} as const

/** Writes a backup of the cluster, which may be running: a file as `etcdctl snapshot save` makes it. */
export async function snapshotSave(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, saveFlags)
  if (values.help) {
    process.stdout.write(`Usage: coracle snapshot save FILE [flags]\n\n${describeFlags(saveFlags)}`)
    return 0
  }
  const [file, ...more] = rest
  if (!file || more.length > 0)
    throw new UsageError(file ? `unexpected argument "${more[0]}"` : "FILE is missing")
  const directory = dataDirectory(values["data-dir"])
  if (findOwner(directory) !== undefined) await saveRunning(directory, file, values.at)
  else if (values.at) throw new UsageError("--at: the cluster does not run; start it to look into its past")
  else await saveStopped(directory, file)
  process.stdout.write(`saved ${describe(file)}\n`)
  return 0
}

async function saveRunning(directory: DataDirectory, file: string, at: string | undefined): Promise<void> {
  if (!findState(directory)) throw new Error("the cluster is starting: try again when it is ready")
  const { connection } = resolveContext(await readKubeconfig(directory.kubeconfig))
  const transport = createHttpsTransport(connection, { clock: realClock })
  const part = `${file}.part`
  try {
    const output = createWriteStream(part, { mode: 0o600, flush: true })
    const request = { method: "GET", path: "/store/snapshot", ...(at && { query: { at } }) } as const
    for await (const chunk of await transport.stream(request))
      if (!output.write(chunk)) await once(output, "drain")
    output.end()
    await once(output, "close")
    renameSync(part, file)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  } finally {
    transport.close()
  }
}

async function saveStopped({ store: directory, path }: DataDirectory, file: string): Promise<void> {
  if (!existsSync(directory)) throw new Error(`there is no state in ${path}`)
  const parts = { directory, clock: realClock, random: realRandom, log: silentLogger }
  const store = await openEmbeddedStore(parts)
  try {
    await writeSnapshotFile(file, store.forkState(), realClock)
  } finally {
    await store.close()
  }
}

/** Reads the whole of it, so that what is said is known to be readable. */
function describe(file: string): string {
  const state = readSnapshotFile(file, realClock)
  const { hash, revision } = hashState(state)
  return `${file}: revision ${revision}, ${state.keyCount} keys, hash ${hash.toString(16).padStart(8, "0")}`
}

/** Makes a backup, of ours or of a real etcd, the state of a cluster that is not running and has none. */
export async function snapshotRestore(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("snapshot restore", argv, ["FILE"])
  if (!parsed) return 0
  const { directory } = parsed
  const snapshot = parsed.arguments[0]!
  if (findOwner(directory) !== undefined)
    throw new Error(`the cluster in ${directory.path} is running: stop it with \`coracle down\``)
  await restoreSnapshot({ snapshot, directory: directory.store, clock: realClock })
  process.stdout.write(`restored ${describe(snapshot)} into ${directory.path}\n`)
  return 0
}

/** Checks a backup, and says what it is. */
export async function snapshotStatus(argv: readonly string[]): Promise<number> {
  const { arguments: rest } = parseFlags(argv, {})
  if (rest.length !== 1) throw new UsageError("expected one FILE")
  process.stdout.write(`${describe(rest[0]!)}\n`)
  return 0
}
