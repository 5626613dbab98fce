import { servedResources } from "./served-resources.ts"
import type { CreateSecurity } from "../../src/apiserver/security.ts"
import { createApiServer } from "../../src/apiserver/server.ts"
import { silentLogger } from "../../src/base/log.ts"
import { SimulatedClock } from "../../src/base/simulated/clock.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { ignoreAlreadyExists } from "../../src/apimachinery/status-error.ts"
import { createClient } from "../../src/client/create-client.ts"
import { createMemoryStore, type MemoryStore } from "../../src/etcd/memory/memory-store.ts"

const admin = { name: "admin", groups: ["system:masters"], extra: {} }

/** Who may do what is not what is simulated: everybody may do everything. */
export const openServer: CreateSecurity = () => ({
  authenticator: { authenticate: async () => ({ user: admin }) },
  authorizer: {
    authorize: () => ({ decision: "allowed", reason: "" }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  },
  admission: { mutate: async ({ object }) => object, validate: async () => {} },
})

/** A store with what every cluster has; worlds are forks of it, which costs nearly nothing. */
export async function prepareStore(): Promise<MemoryStore> {
  const clock = new SimulatedClock()
  const store = createMemoryStore({ clock })
  const server = createApiServer({
    store,
    resources: servedResources,
    clock,
    random: new SeededRandom("prepared"),
    log: silentLogger,
    security: openServer,
  })
  await server.start()
  const client = createClient(server.transportFor(admin))
  for (const name of ["default", "kube-system", "kube-node-lease"])
    await client.create(Namespace, { metadata: { name } }).catch(ignoreAlreadyExists)
  await server.stop()
  return store
}
