import { LeaseNotFoundError, type Store } from "../store.ts"
import { type Method, stream, unary } from "./grpc-server.ts"
import type { MakeHeader } from "./kv-service.ts"
import { HeaderOnly, Nothing } from "./kv-messages.ts"
import * as wire from "./watch-messages.ts"

export function leaseService(store: Store, makeHeader: MakeHeader): Readonly<Record<string, Method>> {
  const { leases } = store
  const header = async () => makeHeader(await store.currentRevision())
  return {
    "/etcdserverpb.Lease/LeaseGrant": unary(
      wire.LeaseGrantRequest,
      wire.LeaseResponse,
      async ({ id, ttl }) => {
        const granted = await leases.grant(ttl, id === 0n ? undefined : id)
        return { header: await header(), id: granted.id, ttl: granted.ttlSeconds }
      },
    ),
    "/etcdserverpb.Lease/LeaseRevoke": unary(wire.LeaseId, HeaderOnly, async ({ id }) => {
      await leases.revoke(id)
      return { header: await header() }
    }),
    "/etcdserverpb.Lease/LeaseKeepAlive": stream(
      wire.LeaseId,
      wire.LeaseResponse,
      async ({ requests, send }) => {
        for await (const { id } of requests) {
          // A lease that is not there has no time left: that is how etcd says it on this stream.
          const { ttlSeconds } = await leases.keepAlive(id).catch(otherwise({ ttlSeconds: 0 }))
          await send({ header: await header(), id, ttl: ttlSeconds })
        }
      },
    ),
    "/etcdserverpb.Lease/LeaseTimeToLive": unary(
      wire.LeaseTimeToLiveRequest,
      wire.LeaseTimeToLiveResponse,
      async ({ id, keys: wantsKeys }) => {
        const none = { remainingSeconds: -1, grantedSeconds: 0, keys: [] as readonly string[] }
        const { remainingSeconds, grantedSeconds, keys } = await leases.timeToLive(id).catch(otherwise(none))
        return {
          header: await header(),
          id,
          ttl: remainingSeconds,
          grantedTtl: grantedSeconds,
          keys: wantsKeys ? [...keys] : [],
        }
      },
    ),
    "/etcdserverpb.Lease/LeaseLeases": unary(Nothing, wire.LeaseLeasesResponse, async () => {
      const ids = await leases.list()
      return { header: await header(), leases: ids.map((id) => ({ id })) }
    }),
  }
}

function otherwise<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof LeaseNotFoundError) return value
    throw error
  }
}
