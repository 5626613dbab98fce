import { afterEach, beforeEach, expect, it } from "vitest"
import { createAdmissionChain } from "../apiserver/admission/create-admission-chain.ts"
import { createDefaultAuthorizer } from "../apiserver/authorization/default-authorizer.ts"
import { defaultPolicy } from "../apiserver/authorization/rbac/bootstrap/default-policy.ts"
import { ensurePolicy } from "../apiserver/authorization/rbac/bootstrap/ensure-policy.ts"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { DaemonSet } from "../api/apps/v1/daemon-set.ts"
import { Deployment } from "../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../api/apps/v1/replica-set.ts"
import { StatefulSet } from "../api/apps/v1/stateful-set.ts"
import { CronJob } from "../api/batch/v1/cron-job.ts"
import { Job } from "../api/batch/v1/job.ts"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Endpoints } from "../api/core/v1/endpoints.ts"
import { PersistentVolumeClaim } from "../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../api/core/v1/persistent-volume.ts"
import { Secret } from "../api/core/v1/secret.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { ResourceClaimTemplate } from "../api/resource/v1/resource-claim-template.ts"
import { ResourceClaim } from "../api/resource/v1/resource-claim.ts"
import { VolumeAttachment } from "../api/storage/v1/volume-attachment.ts"
import { VolumeAttributesClass } from "../api/storage/v1/volume-attributes-class.ts"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { ReplicationController } from "../api/core/v1/replication-controller.ts"
import { ResourceQuota } from "../api/core/v1/resource-quota.ts"
import { Service } from "../api/core/v1/service.ts"
import { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts"
import { formatTime } from "../apimachinery/time.ts"
import { type Logger, silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { createInformers } from "../client/informers.ts"
import { controllerManagerUser, controllerUser } from "../cluster/identities.ts"
import { sha256Hex } from "./attach-detach/real/sha256-hex.ts"
import { hmacSha256 } from "./bootstrap/real/hmac-sha256.ts"
import { createControllerManager } from "./create-controller-manager.ts"
import { simulateNodes } from "./testing/simulated-nodes.ts"

// Every controller acts under its own ServiceAccount, with upstream's roles, behind the real admission chain: none may
// ever be refused.

let clock: SimulatedClock
let server: TestServer
let abort: AbortController
const errors: string[] = []

beforeEach(async () => {
  errors.length = 0
  clock = new SimulatedClock()
  server = await startTestServer({
    clock,
    security: (context) => {
      const { authorizer, policy, followers } = createDefaultAuthorizer()
      return {
        authenticator: { authenticate: async () => undefined },
        authorizer,
        admission: createAdmissionChain({ ...context, authorizer, policy }),
        followers,
        startHooks: [(self) => ensurePolicy(self, defaultPolicy())],
      }
    },
  })
  abort = new AbortController()
})
afterEach(async () => {
  abort.abort()
  await server.stop()
})

function collect(): Logger {
  const logger: Logger = {
    ...silentLogger,
    error(message, values) {
      const { error, key } = values ?? {}
      errors.push(`${message} ${String(key)}: ${error instanceof Error ? error.message : String(error)}`)
    },
    named: () => logger,
  }
  return logger
}

/** What volumes, devices, tokens and hand-made endpoints make controllers do. */
async function createStorageAndMore(): Promise<void> {
  const { client } = server
  const at = (name: string) => ({ namespace: "shop", name })
  const accessModes = ["ReadWriteOnce" as const]
  const csi = { driver: "csi.example.com", volumeHandle: "disk" }
  await client.create(PersistentVolume, {
    metadata: { name: "disk" },
    spec: { capacity: { storage: "1Gi" }, accessModes, csi, volumeAttributesClassName: "fast" },
  })
  await client.create(VolumeAttributesClass, {
    metadata: { name: "fast" },
    driverName: "csi.example.com",
    parameters: { iops: "1" },
  })
  await client.create(PersistentVolumeClaim, {
    metadata: at("disk"),
    spec: {
      accessModes,
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "",
      volumeAttributesClassName: "fast",
    },
  })
  const devices = { requests: [{ name: "gpu", exactly: { deviceClassName: "gpu" } }] }
  await client.create(ResourceClaimTemplate, { metadata: at("gpu"), spec: { spec: { devices } } })
  await client.create(Pod, {
    metadata: { ...at("storage"), labels: { app: "storage" } },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "web", image: "web:1" }],
      volumes: [{ name: "disk", persistentVolumeClaim: { claimName: "disk" } }],
      resourceClaims: [{ name: "gpu", resourceClaimTemplateName: "gpu" }],
    },
  })
  await client.create(Service, { metadata: at("outside"), spec: { ports: [{ port: 80 }] } })
  await client.create(Endpoints, {
    metadata: at("outside"),
    subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 80 }] }],
  })
  await client.create(ConfigMap, {
    metadata: { namespace: "kube-public", name: "cluster-info" },
    data: { kubeconfig: "the way" },
  })
  await client.create(Secret, {
    metadata: { namespace: "kube-system", name: "bootstrap-token-abcdef" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": "abcdef",
      "token-secret": "0123456789abcdef",
      "usage-bootstrap-signing": "true",
      expiration: formatTime(clock.now() + 60_000),
    },
  })
}

it("does all its work with the roles that upstream gives", async () => {
  const random = new SeededRandom("roles")
  const log = collect()
  const { client } = server
  const manager = createControllerManager({
    transport: server.server.transportFor(controllerManagerUser),
    transportFor: (name) => server.server.transportFor(controllerUser(name)),
    clock,
    random,
    log,
    rootCertificateAuthority: "PEM",
    nodeIpam: { clusterCidrs: ["10.244.0.0/16"] },
    hmacSha256,
    sha256Hex,
    controllers: ["*", "bootstrap-signer-controller", "token-cleaner-controller"],
  })
  void manager.run(abort.signal)
  const informers = createInformers({ client, clock, random, log })
  const nodes = simulateNodes({ client, clock, informers })
  nodes.outcome = (pod) => (pod.metadata.labels?.["ends"] ? { phase: "Succeeded" } : undefined)
  informers.start(abort.signal)
  await clock.advance(1000)

  for (const name of ["node-0", "node-1", "node-2"]) {
    await client.create(Node, {
      metadata: {
        name,
        annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
      },
    })
    await clock.advance(100)
    const node = await client.get(Node, { name })
    const now = formatTime(clock.now())
    const ready = { type: "Ready", status: "True", lastHeartbeatTime: now, lastTransitionTime: now }
    await client.updateStatus(Node, { ...node, status: { ...node.status, conditions: [ready] } })
  }
  await client.create(Namespace, { metadata: { name: "shop" } })
  await clock.advance(1000)

  const labels = { app: "web" }
  const selector = { matchLabels: labels }
  const spec = { containers: [{ name: "web", image: "web:1" }] }
  const template = { metadata: { labels }, spec }
  const at = (name: string) => ({ namespace: "shop", name })
  await client.create(Pod, { metadata: { ...at("orphan"), labels: { app: "adopted" } }, spec })
  await client.create(ReplicaSet, {
    metadata: at("adopter"),
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "adopted" } },
      template: { metadata: { labels: { app: "adopted" } }, spec },
    },
  })
  await client.create(Deployment, { metadata: at("web"), spec: { replicas: 3, selector, template } })
  await client.create(Service, { metadata: at("web"), spec: { selector: labels, ports: [{ port: 80 }] } })
  await client.create(PodDisruptionBudget, { metadata: at("web"), spec: { maxUnavailable: "50%", selector } })
  await client.create(ResourceQuota, { metadata: at("all"), spec: { hard: { pods: "50" } } })
  await client.create(ReplicationController, {
    metadata: at("old"),
    spec: { replicas: 1, selector: { app: "old" }, template: { metadata: { labels: { app: "old" } }, spec } },
  })
  const claim = {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
  }
  await client.create(StatefulSet, {
    metadata: at("db"),
    spec: {
      replicas: 2,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: { metadata: { labels: { app: "db" } }, spec },
      volumeClaimTemplates: [claim],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
    },
  })
  await client.create(DaemonSet, {
    metadata: at("agent"),
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: { metadata: { labels: { app: "agent" } }, spec },
    },
  })
  const jobLabels = { ends: "yes" }
  const jobSpec = {
    ttlSecondsAfterFinished: 60,
    template: { metadata: { labels: jobLabels }, spec: { ...spec, restartPolicy: "Never" as const } },
  }
  await client.create(Job, { metadata: at("once"), spec: jobSpec })
  const cronLabels = { ends: "cron" }
  await client.create(CronJob, {
    metadata: at("often"),
    spec: {
      schedule: "* * * * *",
      jobTemplate: {
        spec: {
          ...jobSpec,
          template: { ...jobSpec.template, metadata: { labels: cronLabels } },
        },
      },
    },
  })
  await createStorageAndMore()
  await clock.advance(20_000)
  expect(errors.filter((text) => /forbidden/i.test(text))).toEqual([])
  expect((await client.list(VolumeAttachment)).items).toHaveLength(1)
  expect((await client.list(ResourceClaim, { namespace: "shop" })).items).toHaveLength(1)
  expect((await client.get(PersistentVolume, { name: "disk" })).status.phase).toBe("Bound")
  const mirrored = await client.list(EndpointSlice, {
    namespace: "shop",
    labelSelector: "kubernetes.io/service-name=outside",
  })
  expect(mirrored.items).toHaveLength(1)
  const info = await client.get(ConfigMap, { namespace: "kube-public", name: "cluster-info" })
  expect(info.data).toHaveProperty("jws-kubeconfig-abcdef")
  const names = (await client.list(Pod, { namespace: "shop" })).items.map(({ metadata }) => metadata.name)
  expect(names.map((name) => name.replace(/-.*/, "")).sort()).toEqual(
    expect.arrayContaining(["adopter", "agent", "db", "old", "once", "orphan", "web"]),
  )

  const edit = async (change: (deployment: Deployment) => void) => {
    const draft = structuredClone(await client.get(Deployment, at("web")))
    change(draft)
    await client.update(Deployment, draft)
  }
  await edit(({ spec: some }) => (some.template.spec.containers[0]!.image = "web:2"))
  const set = structuredClone(await client.get(StatefulSet, at("db")))
  set.spec.template.spec.containers[0]!.image = "web:2"
  set.spec.replicas = 1
  await client.update(StatefulSet, set)
  const daemons = structuredClone(await client.get(DaemonSet, at("agent")))
  daemons.spec.template.spec.containers[0]!.image = "web:2"
  await client.update(DaemonSet, daemons)
  await client.create(ConfigMap, {
    metadata: {
      ...at("stray"),
      ownerReferences: [
        { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "0f0c0f3c-0000-4000-8000-000000000000" },
      ],
    },
  })
  await clock.advance(200_000)
  await client.delete(Node, { name: "node-2" })
  await client.delete(Deployment, at("web"), { propagationPolicy: "Foreground" })
  await client.delete(ReplicaSet, at("adopter"), { propagationPolicy: "Orphan" })
  await clock.advance(100_000)
  await client.delete(Namespace, { name: "shop" })
  await clock.advance(100_000)

  expect(errors.filter((text) => /forbidden/i.test(text))).toEqual([])
  const signed = await client.get(ConfigMap, { namespace: "kube-public", name: "cluster-info" })
  expect(Object.keys(signed.data!)).toEqual(["kubeconfig"])
  expect((await client.list(Secret, { namespace: "kube-system" })).items).toEqual([])
  const left = (await client.list(Namespace)).items.map(({ metadata }) => metadata.name)
  expect(left).not.toContain("shop")
}, 60_000)
