import { builtInResources } from "../../src/api/index.ts"
import { type ApiServer, createApiServer } from "../../src/apiserver/server.ts"
import { type Listening, serveHttps } from "../../src/apiserver/serve/serve-https.ts"
import { issueTestCertificates, type TestCertificates } from "../../src/apiserver/serve/testing.ts"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { realRandom } from "../../src/base/real/random.ts"
import type { Client } from "../../src/client/client.ts"
import { createClient } from "../../src/client/create-client.ts"
import type { Transport } from "../../src/client/transport.ts"
import type { Store } from "../../src/etcd/store.ts"

export const admin = { name: "admin", groups: ["system:masters"], extra: {} }

export interface OpenServer {
  readonly server: ApiServer
  readonly listening: Listening
  readonly certificates: TestCertificates
  readonly transport: Transport
  readonly client: Client
}

/** An API server on loopback where everybody may do everything: what is measured is the rest of the way. */
export async function startOpenServer(store: Store): Promise<OpenServer> {
  const server = createApiServer({
    store,
    resources: builtInResources,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
    security: () => ({
      authenticator: { authenticate: async () => ({ user: admin }) },
      authorizer: {
        authorize: () => ({ decision: "allowed", reason: "" }),
        rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
      },
      admission: { mutate: async ({ object }) => object, validate: async () => {} },
    }),
  })
  await server.start()
  const certificates = issueTestCertificates()
  const listening = await serveHttps(server.handle, {
    host: "127.0.0.1",
    port: 0,
    serving: certificates.server,
    clientAuthorities: certificates.authority,
    clock: realClock,
    log: silentLogger,
  })
  const transport = server.transportFor(admin)
  return { server, listening, certificates, transport, client: createClient(transport) }
}
