import type { Clock } from "../../base/clock.ts"
import type { Maintainable } from "../mvcc/local-store.ts"
import type { Store } from "../store.ts"
import { snapshotOf } from "../snapshot/snapshot-file.ts"
import { type Method, stream, unary } from "./grpc-server.ts"
import { codes, GrpcError } from "./grpc-status.ts"
import type { MakeHeader } from "./kv-service.ts"
import { HeaderOnly, Nothing } from "./kv-messages.ts"
import * as wire from "./maintenance-messages.ts"

/** The level of etcd's API that is served. */
const version = "3.5.21"

export interface Identity {
  readonly memberId: bigint
  readonly clusterId: bigint
  readonly name: string
  /** Where clients reach this server. */
  readonly clientUrls: () => readonly string[]
}

export interface MaintenanceServiceOptions {
  readonly store: Store & Partial<Maintainable>
  readonly clock: Clock
  readonly identity: Identity
  readonly header: MakeHeader
}

export function maintenanceService(options: MaintenanceServiceOptions): Readonly<Record<string, Method>> {
  const { store, clock, identity, header: makeHeader } = options
  const header = async () => makeHeader(await store.currentRevision())
  return {
    "/etcdserverpb.Maintenance/Status": unary(Nothing, wire.StatusResponse, async () => {
      const revision = await store.currentRevision()
      const { diskBytes = 0, stateBytes = 0, alarm = false } = store.stats?.() ?? {}
      return {
        header: makeHeader(revision),
        version,
        dbSize: diskBytes,
        dbSizeInUse: stateBytes,
        leader: identity.memberId,
        raftIndex: revision,
        raftAppliedIndex: revision,
        raftTerm: 1,
        errors: alarm ? [`memberID:${identity.memberId} alarm:NOSPACE `] : [],
        isLearner: false,
      }
    }),
    "/etcdserverpb.Maintenance/Defragment": unary(Nothing, HeaderOnly, async () => {
      await maintained(store, "Defragment").defragment()
      return { header: await header() }
    }),
    "/etcdserverpb.Maintenance/Hash": unary(Nothing, wire.HashResponse, async () => {
      const { hash } = maintained(store, "Hash").hash()
      return { header: await header(), hash }
    }),
    "/etcdserverpb.Maintenance/HashKV": unary(
      wire.HashKvRequest,
      wire.HashKvResponse,
      async ({ revision }) => {
        const hashed = maintained(store, "HashKV").hash(revision || undefined)
        return {
          header: await header(),
          hash: hashed.hash,
          compactRevision: hashed.compactRevision,
          hashRevision: hashed.revision,
        }
      },
    ),
    "/etcdserverpb.Maintenance/Snapshot": stream(Nothing, wire.SnapshotResponse, async ({ send, signal }) => {
      const snapshot = await snapshotOf(maintained(store, "Snapshot").forkState(), clock)
      let remainingBytes = snapshot.sizeBytes
      for (const blob of snapshot.pieces()) {
        if (signal.aborted) return
        remainingBytes -= blob.length
        await send({ header: makeHeader(snapshot.revision), remainingBytes, blob })
      }
    }),
    "/etcdserverpb.Maintenance/Alarm": unary(wire.AlarmRequest, wire.AlarmResponse, async (request) => {
      const { action, alarm } = request
      if (action === "ACTIVATE" && alarm !== "NOSPACE") throw refusal(`raising the alarm ${alarm}`)
      const isMeant = alarm !== "CORRUPT" && [0n, identity.memberId].includes(request.memberId)
      const wasRaised = store.stats?.().alarm ?? false
      if (isMeant && action !== "GET") await maintained(store, "Alarm").setAlarm(action === "ACTIVATE")
      // The alarms that there are, or that this has raised or disarmed.
      const told = isMeant && (action === "ACTIVATE" || wasRaised)
      const alarms = told ? [{ memberId: identity.memberId, alarm: "NOSPACE" as const }] : []
      return { header: await header(), alarms }
    }),
    "/etcdserverpb.Cluster/MemberList": unary(Nothing, wire.MemberListResponse, async () => ({
      header: makeHeader(0),
      members: [
        {
          id: identity.memberId,
          name: identity.name,
          peerUrls: [],
          clientUrls: [...identity.clientUrls()],
          isLearner: false,
        },
      ],
    })),
    ...refused(),
  }
}

/** What a single store cannot do, refused with a reason instead of "unknown method". */
function refused(): Record<string, Method> {
  const auth = "authentication (the store knows clients by their TLS certificates)"
  const members = "changing members (the store has one; use a real etcd cluster for several)"
  const reasons: Record<string, readonly string[]> = {
    [auth]: [
      "AuthEnable AuthDisable AuthStatus Authenticate UserAdd UserGet UserList UserDelete UserChangePassword",
      "UserGrantRole UserRevokeRole RoleAdd RoleGet RoleList RoleDelete RoleGrantPermission RoleRevokePermission",
    ].flatMap((names) => names.split(" ").map((name) => `Auth/${name}`)),
    [members]: ["Add", "Remove", "Update", "Promote"].map((name) => `Cluster/Member${name}`),
    "moving the leader (there is one member)": ["Maintenance/MoveLeader"],
    downgrading: ["Maintenance/Downgrade"],
  }
  const methods: Record<string, Method> = {}
  for (const [reason, paths] of Object.entries(reasons))
    for (const path of paths)
      methods[`/etcdserverpb.${path}`] = unary(Nothing, Nothing, () => Promise.reject(refusal(reason)))
  return methods
}

function maintained(store: Store & Partial<Maintainable>, what: string): Maintainable {
  if (store.hash !== undefined) return store as Store & Maintainable
  throw refusal(what)
}

function refusal(what: string): GrpcError {
  return new GrpcError(codes.unimplemented, `etcdserver: not supported: ${what}`)
}
