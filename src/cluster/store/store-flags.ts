import { parseGoDurationMs } from "../../apiserver/parse-duration.ts"
import type { FlagValues } from "../../base/flags.ts"
import type { StorageMediaType } from "../../apiserver/registry/storage-codec.ts"
import { usualCompactionIntervalMs } from "../../apiserver/compactor.ts"
import { UsageError } from "../commands/command.ts"
import { parseListen } from "../commands/parse-listen.ts"

/** Where the state is kept and how. The names are kube-apiserver's and etcd's where those have them. */
export const storeFlags = {
  etcd: {
    type: "list",
    placeholder: "URL,...",
    description:
      "keep the state in this etcd instead of the data directory; several API servers may share it",
  },
  "etcd-prefix": {
    type: "string",
    default: "/registry",
    placeholder: "KEY",
    description: "what every key begins with (/registry)",
  },
  "etcd-cafile": {
    type: "string",
    placeholder: "FILE",
    description: "the authority that vouches for the etcd",
  },
  "etcd-certfile": {
    type: "string",
    placeholder: "FILE",
    description: "this server's certificate for the etcd",
  },
  "etcd-keyfile": { type: "string", placeholder: "FILE", description: "and its key" },
  "storage-media-type": {
    type: "string",
    default: "application/json",
    placeholder: "TYPE",
    description:
      "how objects are written: application/json or application/vnd.kubernetes.protobuf; both are always read (application/json)",
  },
  history: {
    type: "duration",
    default: "1h",
    placeholder: "TIME",
    description: "how long past states can be read; in an etcd at least half of it (1h; with --etcd 10m)",
  },
  "etcd-compaction-interval": {
    type: "duration",
    default: "5m",
    placeholder: "TIME",
    description:
      "lists can be continued for one to two such times; so often an etcd is made to forget, 0 is never (5m)",
  },
  "history-bytes": {
    type: "int",
    placeholder: "N",
    description: "unless that is more than so many bytes of changes (64 MiB)",
  },
  "quota-backend-bytes": {
    type: "int",
    placeholder: "N",
    description: "how much the state may take before only deletions are accepted (2 GiB)",
  },
  "listen-etcd": {
    type: "string",
    placeholder: "ADDR:PORT",
    description:
      "serve the store by etcd's own API too, over TLS, to clients with a certificate of pki/etcd/ca.crt",
  },
  "from-snapshot": {
    type: "string",
    placeholder: "FILE",
    description:
      "look into a backup of an etcd, of any cluster: changes stay in memory, the file is only read",
  },
  "read-only": { type: "bool", description: "with --from-snapshot: refuse every change" },
  "with-controllers": {
    type: "bool",
    description:
      "with --from-snapshot: run scheduler and controllers, which will evict what ran on lost nodes",
  },
} as const

export interface StoreOptions {
  /** Empty: in the data directory. */
  readonly etcd: readonly string[]
  /** Without a slash at the end. */
  readonly prefix: string
  readonly tls: EtcdFiles | undefined
  readonly mediaType: StorageMediaType
  readonly historyMs: number
  readonly compactionIntervalMs: number
  readonly historyBytes: number | undefined
  readonly quotaBytes: number | undefined
  /** Where etcd's own API is served beside Kubernetes'. */
  readonly listen: { readonly host: string; readonly port: number } | undefined
  /** Instead of the data directory or an etcd. */
  readonly snapshot: SnapshotOptions | undefined
}

export interface SnapshotOptions {
  readonly file: string
  readonly readOnly: boolean
  readonly controllers: boolean
}

/** File names. */
export interface EtcdFiles {
  readonly authority: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
}

/** What a cluster has that nobody said anything about. */
export const usualStore: StoreOptions = {
  etcd: [],
  prefix: "/registry",
  tls: undefined,
  mediaType: "application/json",
  historyMs: 3_600_000,
  compactionIntervalMs: usualCompactionIntervalMs,
  historyBytes: undefined,
  quotaBytes: undefined,
  listen: undefined,
  snapshot: undefined,
}

/** @param given the flags that were really given */
export function parseStoreOptions(
  values: FlagValues<typeof storeFlags>,
  given: ReadonlySet<string>,
): StoreOptions {
  const onDisk = values.etcd.length === 0
  const snapshot = snapshotOptions(values, given)
  if (onDisk) refuse(given, ["etcd-cafile", "etcd-certfile", "etcd-keyfile"], "without --etcd")
  else
    refuse(
      given,
      ["history-bytes", "quota-backend-bytes", "listen-etcd"],
      "with --etcd, which sees to that itself",
    )
  if (onDisk && !snapshot) refuse(given, ["etcd-prefix"], "without --etcd or --from-snapshot")
  return {
    etcd: values.etcd.map(checkEndpoint),
    prefix: checkPrefix(values["etcd-prefix"]),
    tls: checkTls(values),
    mediaType: checkMediaType(values["storage-media-type"]),
    historyMs: onDisk || given.has("history") ? checkHistory(values.history) : 10 * 60_000,
    compactionIntervalMs: compactionInterval(values, given, onDisk),
    historyBytes: checkPositive("history-bytes", values["history-bytes"]),
    quotaBytes: checkPositive("quota-backend-bytes", values["quota-backend-bytes"]),
    listen: checkListen(values["listen-etcd"]),
    snapshot,
  }
}

function snapshotOptions(
  values: FlagValues<typeof storeFlags>,
  given: ReadonlySet<string>,
): SnapshotOptions | undefined {
  const file = values["from-snapshot"]
  if (!file) {
    refuse(given, ["read-only", "with-controllers"], "without --from-snapshot")
    return undefined
  }
  const elsewhere = [
    "etcd",
    "history",
    "etcd-compaction-interval",
    "history-bytes",
    "quota-backend-bytes",
    "listen-etcd",
  ]
  refuse(given, elsewhere, "with --from-snapshot, whose state is in memory")
  const [readOnly, controllers] = [values["read-only"], values["with-controllers"]]
  if (readOnly && controllers)
    throw new UsageError("--read-only and --with-controllers do not go together: controllers change things")
  return { file, readOnly, controllers }
}

function refuse(given: ReadonlySet<string>, names: readonly string[], why: string): void {
  const name = names.find((each) => given.has(each))
  if (name) throw new UsageError(`--${name} means nothing ${why}`)
}

function checkEndpoint(text: string): string {
  if (/^https?:\/\/[^/]+\/?$/.test(text)) return text.replace(/\/$/, "")
  throw new UsageError(`--etcd ${text}: expected URLs such as https://10.0.0.5:2379`)
}

function checkPrefix(text: string): string {
  const prefix = `/${text.replaceAll(/^\/+|\/+$/g, "")}`
  if (prefix === "/") throw new UsageError(`--etcd-prefix must not be empty`)
  return prefix
}

function checkTls(values: FlagValues<typeof storeFlags>): EtcdFiles | undefined {
  const files = {
    authority: values["etcd-cafile"],
    certificate: values["etcd-certfile"],
    key: values["etcd-keyfile"],
  }
  if (!files.authority && !files.certificate && !files.key) return undefined
  if (!files.certificate !== !files.key)
    throw new UsageError("--etcd-certfile and --etcd-keyfile belong together")
  const plain = values.etcd.find((url) => url.startsWith("http:"))
  if (plain) throw new UsageError(`--etcd ${plain}: certificates are for https:// only`)
  return files
}

function checkMediaType(text: string): StorageMediaType {
  if (text === "application/json" || text === "application/vnd.kubernetes.protobuf") return text
  throw new UsageError(
    `--storage-media-type ${text}: supported are application/json and application/vnd.kubernetes.protobuf`,
  )
}

function checkHistory(text: string): number {
  const milliseconds = parseGoDurationMs(text)
  if (milliseconds !== undefined && milliseconds >= 60_000) return milliseconds
  throw new UsageError(`--history ${text}: at least 1m, since lists are read in pages of one past state`)
}

/** A turn forgets what is one interval old, so that between one and two of them are left of an etcd's history. */
function compactionInterval(
  values: FlagValues<typeof storeFlags>,
  given: ReadonlySet<string>,
  onDisk: boolean,
): number {
  const text = values["etcd-compaction-interval"]
  if (!onDisk && given.has("history")) {
    refuse(given, ["etcd-compaction-interval"], "with --etcd and --history, which says it already")
    return checkHistory(values.history) / 2
  }
  const milliseconds = parseGoDurationMs(text)
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds
  throw new UsageError(`--etcd-compaction-interval ${text}: expected a time such as 5m`)
}

function checkListen(text: string | undefined): StoreOptions["listen"] {
  if (text === undefined) return undefined
  const listen = parseListen(text, "listen-etcd")
  if (listen.port > 0) return listen
  throw new UsageError(`--listen-etcd ${text}: name the port, so that its clients know it`)
}

function checkPositive(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value > 0) return value
  throw new UsageError(`--${name} must be positive`)
}
