/** A Store that is a real etcd cluster, so that several API servers can share one state. */
import type { SecureContextOptions } from "node:tls"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Codec } from "../../base/protobuf.ts"
import { codes, fromGrpcStatus, GrpcError } from "../grpc/grpc-status.ts"
import * as kv from "../grpc/kv-messages.ts"
import { StatusResponse } from "../grpc/maintenance-messages.ts"
import * as lease from "../grpc/watch-messages.ts"
import { checkKey, checkTxnRequest, checkWatchRequest } from "../mvcc/check-request.ts"
import {
  LeaseNotFoundError,
  type Leases,
  type Store,
  StoreUnavailableError,
  type TxnRequest,
} from "../store.ts"
import { type CallOptions, GrpcChannel } from "./grpc-channel.ts"
import { RemoteWatch } from "./remote-watch.ts"
import { rangeFromWire, rangeToWire, txnFromWire, txnToWire } from "./wire.ts"

export interface RemoteStoreOptions {
  /** The cluster's members, as `https://host:2379`. */
  readonly endpoints: readonly string[]
  /** What to trust (`ca`), and who this client is (`cert`, `key`). */
  readonly tls?: SecureContextOptions
  readonly clock: Clock
  readonly log: Logger
  /** How long a request may take, with all attempts. @default 15 s */
  readonly timeoutMs?: number
}

/** Connects when it is first used; members may come and go. Closing it leaves the cluster as it is. */
export function createRemoteStore(options: RemoteStoreOptions): Store {
  const { endpoints, tls, clock, log, timeoutMs = 15_000 } = options
  const channel = new GrpcChannel({ endpoints, tls, clock, log })
  const watches = new Set<RemoteWatch>()
  let closed = false
  let tellsProgress: Promise<boolean> | undefined

  async function call<Q, A>(
    path: string,
    request: readonly [Codec<Q>, Q],
    answer: Codec<A>,
    callOptions?: Partial<CallOptions>,
  ): Promise<A> {
    if (closed) throw new StoreUnavailableError("etcdserver: the store is closed")
    try {
      return await channel.unary(`/etcdserverpb.${path}`, request, answer, { timeoutMs, ...callOptions })
    } catch (error) {
      throw error instanceof GrpcError ? fromGrpcStatus(error.code, error.message) : error
    }
  }

  const range: Store["range"] = async (request) => {
    checkKey(request.key)
    const message = [kv.RangeRequestMessage, rangeToWire(request)] as const
    return rangeFromWire(await call("KV/Range", message, kv.RangeResponseMessage, { repeatable: true }))
  }
  // Any linearizable read says it; this key is nobody's.
  const currentRevision = async () => (await range({ key: "\0" })).revision

  const store: Store = {
    range,
    currentRevision,
    async txn(request) {
      checkTxnRequest(request)
      const message = [kv.TxnRequestMessage, txnToWire(request)] as const
      const repeatable = isReadOnly(request)
      return txnFromWire(await call("KV/Txn", message, kv.TxnResponseMessage, { repeatable }))
    },
    watch(request) {
      checkWatchRequest(request)
      if (closed) throw new StoreUnavailableError("etcdserver: the store is closed")
      tellsProgress ??= serverTellsProgress(call)
      const progress = tellsProgress
      const watch = new RemoteWatch({
        channel,
        clock,
        request,
        currentRevision,
        tellsProgress: () => progress,
      })
      watches.add(watch)
      void watch.ended.then(() => watches.delete(watch))
      return watch
    },
    async compact(revision) {
      const message = [kv.CompactionRequestMessage, { revision, physical: false }] as const
      await call("KV/Compact", message, kv.HeaderOnly)
    },
    leases: remoteLeases(call, channel),
    async close() {
      closed = true
      for (const watch of watches) watch.close()
      channel.close()
    },
  }
  return store
}

type Call = <Q, A>(
  path: string,
  request: readonly [Codec<Q>, Q],
  answer: Codec<A>,
  options?: Partial<CallOptions>,
) => Promise<A>

function isReadOnly({ success = [], failure = [] }: TxnRequest): boolean {
  return [...success, ...failure].every((each) =>
    each.op === "txn" ? isReadOnly(each) : each.op === "range",
  )
}

/** Since 3.4.31 and 3.5.13, answers about a watch's progress come in order with its events. */
async function serverTellsProgress(call: Call): Promise<boolean> {
  const { version } = await call("Maintenance/Status", [kv.Nothing, {}], StatusResponse, { repeatable: true })
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10))
  if (major !== 3) return major > 3
  if (minor === 4) return patch >= 31
  if (minor === 5) return patch >= 13
  return minor > 5
}

function remoteLeases(call: Call, channel: GrpcChannel): Leases {
  return {
    async grant(ttlSeconds, id = 0n) {
      const message = [lease.LeaseGrantRequest, { ttl: Math.ceil(ttlSeconds), id }] as const
      const granted = await call("Lease/LeaseGrant", message, lease.LeaseResponse)
      return { id: granted.id, ttlSeconds: granted.ttl }
    },
    async revoke(id) {
      await call("Lease/LeaseRevoke", [lease.LeaseId, { id }], kv.HeaderOnly)
    },
    async keepAlive(id) {
      const stream = await channel.stream("/etcdserverpb.Lease/LeaseKeepAlive")
      try {
        stream.send(lease.LeaseId.encode({ id }))
        for await (const message of stream.messages()) {
          const { ttl } = lease.LeaseResponse.decode(message)
          if (ttl <= 0) throw new LeaseNotFoundError()
          return { ttlSeconds: ttl }
        }
      } catch (error) {
        throw error instanceof GrpcError ? fromGrpcStatus(error.code, error.message) : error
      } finally {
        stream.cancel()
      }
      throw fromGrpcStatus(codes.unavailable, "etcdserver: the connection ended before the answer")
    },
    async timeToLive(id) {
      const message = [lease.LeaseTimeToLiveRequest, { id, keys: true }] as const
      const answer = await call("Lease/LeaseTimeToLive", message, lease.LeaseTimeToLiveResponse, {
        repeatable: true,
      })
      if (answer.ttl < 0) throw new LeaseNotFoundError()
      return { remainingSeconds: answer.ttl, grantedSeconds: answer.grantedTtl, keys: answer.keys }
    },
    async list() {
      const options = { repeatable: true }
      const { leases } = await call("Lease/LeaseLeases", [kv.Nothing, {}], lease.LeaseLeasesResponse, options)
      return leases.map(({ id }) => id)
    },
  }
}
