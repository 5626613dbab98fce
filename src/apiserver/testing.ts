import { builtInResources } from "../api/index.ts"
import { type Draft, formatGroupVersion, type KubeObject } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Clock } from "../base/clock.ts"
import { silentLogger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { realClock } from "../base/real/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import type { Client } from "../client/client.ts"
import { createClient } from "../client/create-client.ts"
import type { Transport } from "../client/transport.ts"
import { createMemoryStore } from "../etcd/memory/memory-store.ts"
import type { Store } from "../etcd/store.ts"
import type { AuditTrail } from "./audit/audit-trail.ts"
import type { AdmissionChain } from "./admission/admission.ts"
import { anonymous, type UserInfo } from "./authentication/authenticator.ts"
import type { Authorizer } from "./authorization/authorizer.ts"
import type { ProfilePath } from "./paths/handle-path.ts"
import type { HealthCheck } from "./paths/health.ts"
import type { ComputedResource } from "./registry/computed-resource.ts"
import type { StorageMediaType } from "./registry/storage-codec.ts"
import type { CreateSecurity } from "./security.ts"
import { type ApiServer, createApiServer } from "./server.ts"
import type { Backends } from "./streaming/backends.ts"
import type { WebhookTransport } from "./webhooks/webhook-caller.ts"

export interface TestServer {
  /** As a member of system:masters. */
  readonly client: Client
  readonly transport: Transport
  readonly server: ApiServer
  readonly store: Store
  stop(): Promise<void>
}

const admin: UserInfo = { name: "admin", groups: ["system:masters", "system:authenticated"], extra: {} }

const allowAll: Authorizer = {
  authorize: () => ({ decision: "allowed", reason: "" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
}

const admitAll: AdmissionChain = {
  mutate: async ({ object }) => object,
  validate: async () => {},
}

/**
 * The real API server over a store in memory, with nothing in the way of requests: no authorization, no admission.
 *
 * @example
 * const { client, stop } = await startTestServer()
 * await client.create(ConfigMap, { metadata: { namespace: "default", name: "a" } })
 */
export async function startTestServer(
  options: {
    clock?: Clock
    random?: Random
    admission?: AdmissionChain
    authorizer?: Authorizer
    computed?: readonly ComputedResource[]
    /** In the place of everything that lets all through. */
    security?: CreateSecurity
    /** Shared with another server; stays open when this one stops. @default a new one in memory */
    store?: Store
    storageMediaType?: StorageMediaType
    backends?: Backends
    /** Whether there are APIServices for the server's own groups. @default false */
    registersApiServices?: boolean
    webhookTransport?: WebhookTransport
    createAudit?: (clock: Clock) => AuditTrail
    healthChecks?: readonly HealthCheck[]
    profile?: ProfilePath
  } = {},
): Promise<TestServer> {
  const { clock = realClock, random = new SeededRandom("test") } = options
  const store = options.store ?? createMemoryStore({ clock })
  const server = createApiServer({
    store,
    resources: builtInResources,
    clock,
    random,
    log: silentLogger,
    ...(options.storageMediaType && { storageMediaType: options.storageMediaType }),
    ...(options.computed && { computed: options.computed }),
    registersApiServices: options.registersApiServices ?? false,
    ...(options.healthChecks && { healthChecks: options.healthChecks }),
    ...(options.profile && { profile: options.profile }),
    ...(options.backends && { backends: options.backends }),
    ...(options.webhookTransport && { webhookTransport: options.webhookTransport }),
    ...(options.createAudit && { audit: options.createAudit(clock) }),
    security:
      options.security ??
      (() => ({
        authenticator: { authenticate: async () => ({ user: anonymous }) },
        authorizer: options.authorizer ?? allowAll,
        admission: options.admission ?? admitAll,
      })),
  })
  await server.start()
  const transport = server.transportFor(admin)
  return {
    client: createClient(transport),
    transport,
    server,
    store,
    async stop() {
      await server.stop()
      if (!options.store) await store.close()
    },
  }
}

/**
 * Writes an object past the API, as another program with access to the store could: for what validation refuses and a
 * test needs all the same, such as endpoints on loopback. Gives its resource version.
 */
export async function putUnchecked<T extends KubeObject>(
  { store }: TestServer,
  { group, version, kind, storagePrefix }: Resource<T>,
  object: Draft<T>,
): Promise<string> {
  const { namespace, name } = (object as Draft<KubeObject>).metadata ?? {}
  const metadata = {
    uid: `unchecked-${name}`,
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...(object as { metadata?: object }).metadata,
  }
  const value = { ...object, apiVersion: formatGroupVersion({ group, version }), kind, metadata }
  const key = `/registry/${storagePrefix}/${namespace ? `${namespace}/` : ""}${name}`
  const { revision } = await store.txn({
    success: [{ op: "put", key, value: new TextEncoder().encode(JSON.stringify(value)) }],
  })
  return String(revision)
}
