import { servedResources } from "./served-resources.ts"
import { PluginChain } from "../../src/apiserver/admission/admission-chain.ts"
import { namespaceLifecycle } from "../../src/apiserver/admission/namespace-lifecycle.ts"
import { storageObjectInUseProtection } from "../../src/apiserver/admission/storage-object-in-use-protection.ts"
import type { Authorizer } from "../../src/apiserver/authorization/authorizer.ts"
import type { CreateSecurity } from "../../src/apiserver/security.ts"
import { createApiServer } from "../../src/apiserver/server.ts"
import { silentLogger } from "../../src/base/log.ts"
import { SimulatedClock } from "../../src/base/simulated/clock.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { ignoreAlreadyExists } from "../../src/apimachinery/status-error.ts"
import { StorageClass } from "../../src/api/storage/v1/storage-class.ts"
import { createClient } from "../../src/client/create-client.ts"
import { networkStorageClass } from "./network-provisioner.ts"
import { createMemoryStore, type MemoryStore } from "../../src/etcd/memory/memory-store.ts"

const admin = { name: "admin", groups: ["system:masters"], extra: {} }

const authorizer: Authorizer = {
  authorize: () => ({ decision: "allowed", reason: "" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
}

/**
 * Who may do what is not what is simulated: everybody may do everything. What is admitted matters: nothing is made in a
 * namespace that is going, and storage in use is protected.
 */
export const openServer: CreateSecurity = (context) => ({
  authenticator: { authenticate: async () => ({ user: admin }) },
  authorizer,
  admission: new PluginChain(
    [namespaceLifecycle({ ...context, authorizer }), storageObjectInUseProtection()],
    context,
  ),
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
  await client.create(StorageClass, networkStorageClass)
  await server.stop()
  return store
}
