import { readFileSync } from "node:fs"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { type EmbeddedStore, openEmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { createRemoteStore } from "../../etcd/remote/remote-store.ts"
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

/** Opens what `options` say: the data directory's own store, or a real etcd. The caller closes it. */
export async function openClusterStore(options: StoreOptions, parts: OpenStoreParts): Promise<ClusterStore> {
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
  const store = withPrefix(remote, { own: "/registry/", kept: `${prefix}/` })
  // A turn forgets what is one interval old, so that between one and two of them are left.
  return { store, isShared: true, compactionIntervalMs: historyMs / 2 }
}

function readTls({ authority, certificate, key }: EtcdFiles) {
  return {
    ...(authority && { ca: readFileSync(authority) }),
    ...(certificate && key && { cert: readFileSync(certificate), key: readFileSync(key) }),
  }
}
