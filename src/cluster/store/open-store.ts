import { readFileSync } from "node:fs"
import type { Compaction } from "../../apiserver/compactor.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { type EmbeddedStore, openEmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { createRemoteStore } from "../../etcd/remote/remote-store.ts"
import { openSnapshot } from "../../etcd/snapshot/snapshot-file.ts"
import type { Store } from "../../etcd/store.ts"
import { withPrefix } from "../../etcd/with-prefix.ts"
import { serveEtcd } from "./serve-etcd.ts"
import type { EtcdFiles, StoreOptions } from "./store-flags.ts"
import { trust } from "../../base/real/trust.ts"

/** The store of a cluster, and what its API server must know of it. */
export interface ClusterStore {
  readonly store: Store
  /** Others may write to it too: who leads is decided in it, and what is told of its servers is shared. */
  readonly isShared: boolean
  readonly compaction: Compaction
  /** The store in this process, if it is one: for serving etcd's API, and for snapshots. */
  readonly embedded?: EmbeddedStore
  /** Of the store, and of the port where it is served. */
  close(): Promise<void>
}

export interface OpenStoreParts {
  /** Of the store on disk. */
  readonly directory: string
  /** For etcd's own API, if it is to be served: where its certificates are, and by which names it is called. */
  readonly pki: string
  readonly hosts: readonly string[]
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
  const { historyMs, historyBytes = 64 << 20, quotaBytes, compactionIntervalMs } = options
  const store = await openEmbeddedStore({
    ...parts,
    historyMs,
    historyBytes,
    ...(quotaBytes !== undefined && { quotaBytes }),
  })
  const opened = {
    store,
    isShared: false,
    compaction: { intervalMs: compactionIntervalMs, byStore: true },
    embedded: store,
  }
  if (!options.listen) return { ...opened, close: () => store.close() }
  try {
    const { url, server } = await serveEtcd({ ...parts, store, listen: options.listen })
    parts.log.info("serving etcd's own API", { url })
    const close = () => server.close().then(() => store.close())
    return { ...opened, close }
  } catch (error) {
    await store.close()
    throw error
  }
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
  const store = withPrefix(backup, renamed(prefix))
  return { store, isShared: false, compaction: { byStore: true }, close: () => store.close() }
}

const renamed = (prefix: string) => ({ own: "/registry/", kept: `${prefix}/` })

async function connectToEtcd(
  { etcd, prefix, tls, compactionIntervalMs }: StoreOptions,
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
  return {
    store,
    isShared: true,
    compaction: { intervalMs: compactionIntervalMs },
    close: () => store.close(),
  }
}

function readTls({ authority, certificate, key }: EtcdFiles) {
  return {
    ...(authority && trust(readFileSync(authority))),
    ...(certificate && key && { cert: readFileSync(certificate), key: readFileSync(key) }),
  }
}
