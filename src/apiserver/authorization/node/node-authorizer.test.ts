import { beforeEach, describe, expect, it } from "vitest"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import type { ResourceAttributes } from "../authorizer.ts"
import { nodeRules } from "../rbac/bootstrap/default-policy.ts"
import { parseQuestion } from "../testing.ts"
import { NodeAuthorizer } from "./node-authorizer.ts"
import { NodeGraph } from "./node-graph.ts"

const node = (name: string): UserInfo => ({
  name: `system:node:${name}`,
  groups: ["system:nodes"],
  extra: {},
})
const object = (kind: string, namespace: string, name: string, spec: object, more: object = {}): KubeObject =>
  ({ apiVersion: "v1", kind, metadata: { namespace, name }, spec, ...more }) as unknown as KubeObject

let graph: NodeGraph
let authorizer: NodeAuthorizer
const pod = object("Pod", "default", "web", {
  nodeName: "n1",
  serviceAccountName: "builder",
  imagePullSecrets: [{ name: "pull" }],
  initContainers: [{ name: "i", envFrom: [{ secretRef: { name: "env-from" } }] }],
  containers: [
    {
      name: "c",
      env: [
        { name: "A", valueFrom: { secretKeyRef: { name: "env", key: "k" } } },
        { name: "B", valueFrom: { configMapKeyRef: { name: "env-map", key: "k" } } },
      ],
    },
  ],
  volumes: [
    { name: "s", secret: { secretName: "mounted" } },
    { name: "m", configMap: { name: "mounted-map" } },
    { name: "p", projected: { sources: [{ secret: { name: "projected" } }] } },
    { name: "d", persistentVolumeClaim: { claimName: "data" } },
    { name: "e", ephemeral: {} },
  ],
})

beforeEach(() => {
  graph = new NodeGraph()
  authorizer = new NodeAuthorizer(graph, nodeRules())
  graph.put(pod)
  graph.put(object("Pod", "default", "other", { nodeName: "n2", containers: [] }))
  graph.put(
    object("PersistentVolume", "", "pv1", {
      claimRef: { namespace: "default", name: "data" },
      csi: {
        nodeStageSecretRef: { namespace: "storage", name: "key" },
        controllerPublishSecretRef: { namespace: "storage", name: "control" },
      },
    }),
  )
  graph.put(object("VolumeAttachment", "", "va1", { nodeName: "n1" }))
})

const judge = (name: string, question: string, more: Partial<ResourceAttributes> = {}) => {
  const attributes = { ...parseQuestion(node(name), question), ...more } as ResourceAttributes
  const { decision, reason } = authorizer.authorize(attributes)
  return decision === "allowed" ? "allowed" : reason
}
const unrelated = (name: string) => `no relationship found between node '${name}' and this object`

describe("the Node authorizer", () => {
  it.each([
    "get secrets default/pull",
    "get secrets default/env-from",
    "get secrets default/env",
    "watch secrets default/mounted",
    "get secrets default/projected",
    "list configmaps default/env-map",
    "get configmaps default/mounted-map",
    "get persistentvolumeclaims default/data",
    "get persistentvolumeclaims default/web-e",
    "patch persistentvolumeclaims/status default/data",
    "get persistentvolumes pv1",
    "get secrets storage/key",
    "get volumeattachments.storage.k8s.io va1",
    "get serviceaccounts default/builder",
    "create serviceaccounts/token default/builder",
    "get pods default/web",
  ])("lets a node %s for its pod, and no other node", (question) => {
    expect(judge("n1", question)).toBe("allowed")
    expect(judge("n2", question)).toBe(unrelated("n2"))
    graph.remove(pod)
    if (!question.includes("volumeattachments")) expect(judge("n1", question)).not.toBe("allowed")
  })

  it.each<[string, string]>([
    ["get secrets default/unknown", unrelated("n1")],
    ["get secrets storage/control", unrelated("n1")],
    ["get secrets other/mounted", unrelated("n1")],
    ["list secrets default/", "No Object name found"],
    ["list secrets", "can only read namespaced object of this type"],
    ["update secrets default/mounted", "can only read resources of this type"],
    ["list persistentvolumes", "can only get individual resources of this type"],
    ["create serviceaccounts/token default/default", unrelated("n1")],
    ["list pods", "can only list/watch pods with spec.nodeName field selector"],
    ["list nodes", "node 'n1' cannot read all nodes, only its own Node object"],
    ["get nodes n2", "node 'n1' cannot read 'n2', only its own Node object"],
    [
      "update leases.coordination.k8s.io kube-node-lease/n2",
      "can only access node lease with the same name as the requesting node",
    ],
    [
      "update leases.coordination.k8s.io default/n1",
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    ["delete nodes n1", ""],
    ["create namespaces", ""],
  ])("refuses %s: %s", (question, reason) => {
    expect(judge("n1", question)).toBe(reason)
  })

  it.each([
    "get nodes n1",
    "patch nodes/status n1",
    "create nodes",
    "update leases.coordination.k8s.io kube-node-lease/n1",
    "create leases.coordination.k8s.io kube-node-lease/",
    "create events.events.k8s.io default/",
    "list services",
    "delete pods default/web",
    "patch pods/status default/web",
    "create certificatesigningrequests.certificates.k8s.io",
    "get csinodes.storage.k8s.io n1",
  ])("lets every node %s", (question) => {
    expect(judge("n1", question)).toBe("allowed")
  })

  it("lets a node list its own pods by selector", () => {
    const selecting = (value: string) => ({
      fieldSelector: [{ key: "spec.nodeName", operator: "In" as const, values: [value] }],
    })
    expect(judge("n1", "watch pods", selecting("n1"))).toBe("allowed")
    expect(judge("n1", "watch pods", selecting("n2"))).not.toBe("allowed")
  })

  it("shows nothing for mirror pods, which nodes make up", () => {
    const mirror = {
      ...pod,
      metadata: { ...pod.metadata, name: "m", annotations: { "kubernetes.io/config.mirror": "x" } },
    }
    graph.remove(pod)
    graph.put(mirror)
    expect(judge("n1", "get secrets default/mounted")).toBe(unrelated("n1"))
    expect(judge("n1", "get pods default/m")).toBe("allowed")
  })

  it("keeps a Secret visible while any pod needs it", () => {
    graph.put({ ...pod, metadata: { ...pod.metadata, name: "web2" } })
    graph.remove(pod)
    expect(judge("n1", "get secrets default/mounted")).toBe("allowed")
  })

  it("knows no opinion on others", () => {
    const impostor = { name: "system:node:n1", groups: ["dev"], extra: {} }
    expect(authorizer.authorize(parseQuestion(impostor, "get secrets default/mounted")).decision).toBe(
      "noOpinion",
    )
    expect(authorizer.rulesFor(node("n1")).incomplete).toBe(true)
  })
})
