import { Lease } from "../../src/api/coordination/v1/lease.ts"
import { ConfigMap } from "../../src/api/core/v1/config-map.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { Pod } from "../../src/api/core/v1/pod.ts"
import type { Client } from "../../src/client/client.ts"
import type { ApiRequest } from "../../src/client/transport.ts"
import { podOf } from "./pods.ts"

/** One kind of request, as its costs are measured. Both roads send the same. */
export interface Operation {
  readonly name: string
  /**
   * Makes what the requests need to find, and the requests.
   *
   * @param run a name of this run, so that what is created has not been there before
   */
  readonly prepare: (client: Client, run: string, count: number) => Promise<readonly ApiRequest[]>
}

const namespace = "bench"
const pods = `/api/v1/namespaces/${namespace}/pods`
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
const events = `/api/v1/namespaces/${namespace}/events`
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
const podBytes = 4096
/** Objects that updates, patches and reads go round. */
const known = 64

/** Makes what all operations read and change. */
export async function prepareOperations(client: Client): Promise<void> {
  await client.create(Namespace, { metadata: { name: namespace } })
  for (let index = 0; index < known; index++) {
    await client.create(Pod, podOf(`known-${index}`, podBytes))
    await client.create(ConfigMap, configMapOf(`known-${index}`, 0))
  }
}

export const operations: readonly Operation[] = [
  independent("create a pod", (name) => ({
    method: "POST",
    path: pods,
    body: podOf(name, podBytes),
  })),
  independent("create a config map", (name) => ({
    method: "POST",
    path: configMaps,
    body: configMapOf(name, 1),
  })),
  independent("create an event", (name) => ({ method: "POST", path: events, body: eventOf(name) })),
  { name: "bind a pod", prepare: bindings },
  independent("get a pod", (_, index) => ({ method: "GET", path: `${pods}/known-${index % known}` })),
  independent("list 64 config maps", () => ({
    method: "GET",
    path: configMaps,
    query: { labelSelector: "set=known" },
  })),
  independent("update a config map", (_, index) => ({
    method: "PUT",
    path: `${configMaps}/known-${index % known}`,
    body: configMapOf(`known-${index % known}`, index),
  })),
  { name: "renew a lease", prepare: renewals },
  independent("merge patch a pod", (_, index) => ({
    method: "PATCH",
    path: `${pods}/known-${index % known}`,
    headers: { "content-type": "application/merge-patch+json" },
    body: { metadata: { annotations: { "example.com/seen": String(index) } } },
  })),
  independent("strategic patch of a status", (_, index) => ({
    method: "PATCH",
    path: `${pods}/known-${index % known}/status`,
    headers: { "content-type": "application/strategic-merge-patch+json" },
    body: { status: statusOf(index) },
  })),
  independent("apply a config map", (_, index) => ({
    method: "PATCH",
    path: `${configMaps}/applied-${index % known}`,
    headers: { "content-type": "application/apply-patch+yaml" },
    query: { fieldManager: "bench", force: "true" },
    body: configMapOf(`applied-${index % known}`, index),
  })),
]

/** Requests that need to find nothing but what is always there. */
function independent(name: string, requestFor: (name: string, index: number) => ApiRequest): Operation {
  return {
    name,
    prepare: async (_, run, count) =>
      Array.from({ length: count }, (_, index) => requestFor(`${run}-${index}`, index)),
  }
}

async function bindings(client: Client, run: string, count: number): Promise<readonly ApiRequest[]> {
  const requests: ApiRequest[] = []
  for (let index = 0; index < count; index++) {
    const name = `unbound-${run}-${index}`
    const pod = podOf(name, podBytes)
    const { nodeName: _, ...spec } = pod.spec
    await client.create(Pod, { ...pod, spec })
    requests.push({ method: "POST", path: `${pods}/${name}/binding`, body: bindingOf(name) })
  }
  return requests
}

/** Each lease once: a renewal names the version that it replaces. */
async function renewals(client: Client, run: string, count: number): Promise<readonly ApiRequest[]> {
  const requests: ApiRequest[] = []
  for (let index = 0; index < count; index++) {
    const name = `lease-${run}-${index}`
    const lease = await client.create(Lease, leaseOf(name, 0))
    const renewed = { ...lease, spec: { ...lease.spec, ...leaseOf(name, 1).spec } }
    requests.push({ method: "PUT", path: `${leases}/${name}`, body: renewed })
  }
  return requests
}

function configMapOf(name: string, serial: number) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, labels: { app: "web", set: name.split("-")[0]! } },
    data: { serial: String(serial), "app.properties": "color=blue\nsize=large\n", motd: "hello" },
  }
}

function leaseOf(name: string, second: number) {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace },
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: `2026-01-01T00:00:0${second}.000000Z`,
    },
  }
}

function eventOf(name: string) {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: { kind: "Pod", namespace, name: "known-1", uid: "1-2-3", apiVersion: "v1" },
    reason: "Scheduled",
    message: `Successfully assigned ${namespace}/known-1 to node-1`,
    source: { component: "default-scheduler" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:00Z",
    count: 1,
    type: "Normal",
  }
}

function bindingOf(name: string) {
  return {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace },
    target: { apiVersion: "v1", kind: "Node", name: "node-1" },
  }
}

function statusOf(index: number) {
  const lastTransitionTime = `2026-01-01T00:00:${String(index % 60).padStart(2, "0")}Z`
  return {
    phase: "Running",
    podIP: `10.0.0.${index % 250}`,
    conditions: [
      { type: "Ready", status: "True", lastTransitionTime },
      { type: "ContainersReady", status: "True", lastTransitionTime },
    ],
    containerStatuses: [
      {
        name: "web",
        image: "registry.example.com/web:1.2.3",
        imageID: "sha256:1234",
        ready: true,
        restartCount: index % 7,
        state: { running: { startedAt: lastTransitionTime } },
      },
    ],
  }
}
