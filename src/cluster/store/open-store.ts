import { readFileSync } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { type EmbeddedStore, openEmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { createRemoteStore } from "../../etcd/remote/remote-store.ts"
import { openSnapshot } from "../../etcd/snapshot/snapshot-file.ts"
import type { Store } from "../../etcd/store.ts"
import { withPrefix } from "../../etcd/with-prefix.ts"
import type { EtcdFiles, StoreOptions } from "./store-flags.ts"

/** The store of a cluster, and what its API server must know of it. */
export interface ClusterStore {
  readonly store: Store
  /** Others may write to it too: who leads is decided in it, and what is told of its servers is shared. */
  readonly isShared: boolean
  /** How often the API server makes it forget; 0: it sees to its history itself. */
  readonly compactionIntervalMs: number
  /** The store in this process, if it is one: for serving etcd's API, and for snapshots. */
  readonly embedded?: EmbeddedStore
}

export interface OpenStoreParts {
  /** Of the store on disk. */
  readonly directory: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** Opens what `options` say: the data directory's own store, a real etcd, or a backup. The caller closes it. */
export async function openClusterStore(options: StoreOptions, parts: OpenStoreParts): Promise<ClusterStore> {
  if (options.snapshot) return openBackup(options, options.snapshot.file, parts)
  return options.etcd.length > 0 ? connectToEtcd(options, parts) : openDirectory(options, parts)
}

async function openDirectory(options: StoreOptions, parts: OpenStoreParts): Promise<ClusterStore> {
  const { historyMs, historyBytes = 64 << 20, quotaBytes } = options
  const store = await openEmbeddedStore({
    ...parts,
    historyMs,
    historyBytes,
    ...(quotaBytes !== undefined && { quotaBytes }),
  })
  return { store, isShared: false, compactionIntervalMs: 0, embedded: store }
}

/** In memory: what is changed is gone with the process, and the file is only read. */
async function openBackup(
  { prefix }: StoreOptions,
  file: string,
  parts: OpenStoreParts,
): Promise<ClusterStore> {
  const backup = openSnapshot(file, parts)
  const { count } = await backup.range({ key: `${prefix}/`, rangeEnd: `${prefix}0`, countOnly: true })
  if (count === 0)
    throw new Error(
      `${file} holds no cluster: no key begins with ${prefix}/ (--etcd-prefix says what they begin with)`,
    )
  return { store: withPrefix(backup, renamed(prefix)), isShared: false, compactionIntervalMs: 0 }
}

const renamed = (prefix: string) => ({ own: "/registry/", kept: `${prefix}/` })

async function connectToEtcd(
  { etcd, prefix, tls, historyMs }: StoreOptions,
  { clock, log }: OpenStoreParts,
): Promise<ClusterStore> {
  const remote = createRemoteStore({ endpoints: etcd, clock, log, ...(tls && { tls: readTls(tls) }) })
  try {
    await remote.currentRevision()
  } catch (error) {
    await remote.close()
    throw error
  }
  const store = withPrefix(remote, renamed(prefix))
  // A turn forgets what is one interval old, so that between one and two of them are left.
  return { store, isShared: true, compactionIntervalMs: historyMs / 2 }
}

function readTls({ authority, certificate, key }: EtcdFiles) {
  return {
    ...(authority && { ca: readFileSync(authority) }),
    ...(certificate && key && { cert: readFileSync(certificate), key: readFileSync(key) }),
  }
}
