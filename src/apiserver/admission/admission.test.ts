import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Draft } from "../../apimachinery/meta.ts"
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { LimitRange } from "../../api/core/v1/limit-range.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Node } from "../../api/core/v1/node.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { Ingress } from "../../api/networking/v1/ingress.ts"
import { IngressClass } from "../../api/networking/v1/ingress-class.ts"
import { RuntimeClass } from "../../api/node/v1/runtime-class.ts"
import { PriorityClass } from "../../api/scheduling/v1/priority-class.ts"
import { StorageClass } from "../../api/storage/v1/storage-class.ts"
import { encodePem } from "../../base/real/x509/pem.ts"
import { signCertificateRequest } from "../../base/real/x509/certificate-request.ts"
import { generateKey } from "../../base/real/x509/keys.ts"
import type { Client } from "../../client/client.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

let server: GuardedServer
let client: Client
let namespace: string
let count = 0

beforeAll(async () => {
  server = await startGuardedServer()
  client = server.client
})
afterAll(() => server.stop())

/** Every test has a namespace of its own. */
beforeEach(async () => {
  namespace = `test-${count++}`
  await client.create(Namespace, { metadata: { name: namespace } })
  await client.create(ServiceAccount, { metadata: { namespace, name: "default" } })
})

const container = { name: "c", image: "busybox:1" }
const pod = (
  name: string,
  spec: Draft<Pod>["spec"] = {},
  metadata: Draft<Pod>["metadata"] = {},
): Draft<Pod> => ({
  metadata: { namespace, name, ...metadata },
  spec: { containers: [container], ...spec },
})
const createPod = (name: string, spec?: Draft<Pod>["spec"]) => client.create(Pod, pod(name, spec))
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "allowed",
    (error: Error) => error.message,
  )

describe("NamespaceLifecycle", () => {
  const create = (namespace: string) =>
    refusal(client.create(ConfigMap, { metadata: { namespace, name: "a" } }))

  it("needs the namespace, and one that stays", async () => {
    expect(await create("nowhere")).toBe('namespaces "nowhere" not found')
    expect(await create(namespace)).toBe("allowed")
    await client.delete(Namespace, { name: namespace })
    const error = await client
      .create(ConfigMap, { metadata: { namespace, name: "b" } })
      .catch((problem: unknown) => problem)
    expect(error).toMatchObject({
      message: `configmaps "b" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      details: { causes: [{ reason: "NamespaceTerminating", field: "metadata.namespace" }] },
    })
    expect(await refusal(client.delete(ConfigMap, { namespace, name: "a" }))).toBe("allowed")
  })

  it("keeps the system's namespaces", async () => {
    expect(await refusal(client.delete(Namespace, { name: "kube-system" }))).toBe(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    )
  })
})

describe("ServiceAccount", () => {
  it("gives a pod its account and the account's token", async () => {
    const { spec } = await createPod("a", { initContainers: [{ ...container, name: "i" }] })
    expect(spec.serviceAccountName).toBe("default")
    const volume = spec.volumes![0]!
    expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    expect(volume.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    })
    const mount = {
      name: volume.name,
      readOnly: true,
      mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
    }
    expect(spec.containers[0]!.volumeMounts).toEqual([mount])
    expect(spec.initContainers![0]!.volumeMounts).toEqual([mount])
  })

  it("leaves the token out where the pod or the account says so", async () => {
    expect((await createPod("a", { automountServiceAccountToken: false })).spec.volumes).toBeUndefined()
    await client.create(ServiceAccount, {
      metadata: { namespace, name: "quiet" },
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: "registry" }],
    })
    const { spec } = await createPod("b", { serviceAccountName: "quiet" })
    expect(spec.volumes).toBeUndefined()
    expect(spec.imagePullSecrets).toEqual([{ name: "registry" }])
  })

  it("needs the account", async () => {
    expect(await refusal(createPod("a", { serviceAccountName: "gone" }))).toBe(
      `pods "a" is forbidden: error looking up service account ${namespace}/gone: serviceaccount "gone" not found`,
    )
  })

  it("holds an account that lists its Secrets to them", async () => {
    await client.create(ServiceAccount, {
      metadata: {
        namespace,
        name: "strict",
        annotations: { "kubernetes.io/enforce-mountable-secrets": "true" },
      },
      secrets: [{ name: "listed" }],
    })
    const using = (secretName: string) =>
      createPod(`with-${secretName}`, {
        serviceAccountName: "strict",
        volumes: [{ name: "s", secret: { secretName } }],
      })
    expect(await refusal(using("listed"))).toBe("allowed")
    expect(await refusal(using("other"))).toMatch(
      /volume with secret.secretName="other" is not allowed because service account strict does not reference that secret/,
    )
  })
})

describe("DefaultTolerationSeconds, TaintNodesByCondition", () => {
  it("let pods stay on a silent node for five minutes", async () => {
    const { spec } = await createPod("a")
    expect(spec.tolerations).toEqual([
      {
        key: "node.kubernetes.io/not-ready",
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      },
      {
        key: "node.kubernetes.io/unreachable",
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      },
    ])
    const everything = [{ operator: "Exists" as const }]
    expect((await createPod("b", { tolerations: everything })).spec.tolerations).toEqual(everything)
  })

  it("keep pods off a new node", async () => {
    const node = await client.create(Node, { metadata: { name: `${namespace}-node` } })
    expect(node.spec.taints).toEqual([{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }])
  })
})

describe("Priority", () => {
  it("looks the number up", async () => {
    const { spec } = await createPod("a")
    expect(spec).toMatchObject({ priority: 0, preemptionPolicy: "PreemptLowerPriority" })
    await client.create(PriorityClass, {
      metadata: { name: `${namespace}-high` },
      value: 7,
      preemptionPolicy: "Never",
    })
    const high = await createPod("b", { priorityClassName: `${namespace}-high` })
    expect(high.spec).toMatchObject({ priority: 7, preemptionPolicy: "Never" })
    expect(await refusal(createPod("c", { priorityClassName: "gone" }))).toBe(
      'pods "c" is forbidden: no PriorityClass with name gone was found',
    )
    expect(await refusal(createPod("d", { priority: 5 }))).toBe(
      'pods "d" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    )
  })

  it("knows one default", async () => {
    const name = `${namespace}-default`
    await client.create(PriorityClass, { metadata: { name }, value: 3, globalDefault: true })
    expect((await createPod("a")).spec).toMatchObject({ priority: 3, priorityClassName: name })
    expect(
      await refusal(
        client.create(PriorityClass, { metadata: { name: "second" }, value: 4, globalDefault: true }),
      ),
    ).toBe(
      `priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass ${name} is already marked as default. Only one default can exist`,
    )
    await client.delete(PriorityClass, { name })
  })
})

describe("LimitRanger", () => {
  const range = (limits: Draft<LimitRange>["spec"]) =>
    client.create(LimitRange, { metadata: { namespace, name: "limits" }, spec: limits })

  it("gives containers the sizes they leave open", async () => {
    await range({
      limits: [
        { type: "Container", default: { cpu: "200m", memory: "64Mi" }, defaultRequest: { cpu: "100m" } },
      ],
    })
    const { metadata, spec } = await createPod("a", {
      containers: [{ ...container, resources: { limits: { cpu: "1" } } }],
    })
    expect(spec.containers[0]!.resources).toEqual({
      limits: { cpu: "1", memory: "64Mi" },
      requests: { cpu: "1", memory: "64Mi" },
    })
    expect(metadata.annotations?.["kubernetes.io/limit-ranger"]).toBe(
      "LimitRanger plugin set: memory request for container c; memory limit for container c",
    )
  })

  it("refuses what is outside", async () => {
    await range({
      limits: [
        { type: "Container", min: { cpu: "100m" }, max: { cpu: "1" }, default: { cpu: "500m" } },
        { type: "Pod", max: { cpu: "1500m" } },
        { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } },
      ],
    })
    const sized = (name: string, ...cpus: string[]) =>
      refusal(
        createPod(name, {
          containers: cpus.map((cpu, index) => ({
            ...container,
            name: `c${index}`,
            resources: { limits: { cpu } },
          })),
        }),
      )
    expect(await sized("a", "1")).toBe("allowed")
    expect(await sized("b", "50m")).toBe(
      'pods "b" is forbidden: minimum cpu usage per Container is 100m, but request is 50m',
    )
    expect(await sized("c", "2")).toBe(
      'pods "c" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum cpu usage per Pod is 1500m, but limit is 2]',
    )
    expect(await sized("d", "1", "1")).toBe(
      'pods "d" is forbidden: maximum cpu usage per Pod is 1500m, but limit is 2',
    )
    const claim = client.create(PersistentVolumeClaim, {
      metadata: { namespace, name: "big" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "3Gi" } } },
    })
    expect(await refusal(claim)).toBe(
      'persistentvolumeclaims "big" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    )
  })
})

describe("storage and classes", () => {
  const claim = (name: string, spec: Draft<PersistentVolumeClaim>["spec"] = {}) =>
    client.create(PersistentVolumeClaim, {
      metadata: { namespace, name },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
    })

  it("give a claim its finalizer and the default class", async () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" }
    await client.create(StorageClass, {
      metadata: { name: `${namespace}-fast`, annotations },
      provisioner: "x/y",
      allowVolumeExpansion: true,
    })
    const { metadata, spec } = await claim("a")
    expect(metadata.finalizers).toEqual(["kubernetes.io/pvc-protection"])
    expect(spec.storageClassName).toBe(`${namespace}-fast`)
    expect((await claim("b", { storageClassName: "" })).spec.storageClassName).toBe("")
    const bigger = { ...spec, resources: { requests: { storage: "2Gi" } } }
    const grown = await refusal(
      client.update(PersistentVolumeClaim, {
        ...(await client.get(PersistentVolumeClaim, { namespace, name: "a" })),
        spec: bigger,
      }),
    )
    expect(grown).toMatch(
      /spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims/,
    )
    await client.delete(StorageClass, { name: `${namespace}-fast` })
  })

  it("give an Ingress the default class", async () => {
    const annotations = { "ingressclass.kubernetes.io/is-default-class": "true" }
    await client.create(IngressClass, {
      metadata: { name: "main", annotations },
      spec: { controller: "x.io/y" },
    })
    const spec = { defaultBackend: { service: { name: "web", port: { number: 80 } } } }
    const ingress = await client.create(Ingress, { metadata: { namespace, name: "web" }, spec })
    expect(ingress.spec?.ingressClassName).toBe("main")
    await client.delete(IngressClass, { name: "main" })
  })

  it("let a pod take on its runtime's needs", async () => {
    const name = `${namespace}-runtime`
    await client.create(RuntimeClass, {
      metadata: { name },
      handler: "special",
      overhead: { podFixed: { cpu: "250m" } },
      scheduling: { nodeSelector: { runtime: "special" } },
    })
    const { spec } = await createPod("a", { runtimeClassName: name })
    expect(spec.overhead).toEqual({ cpu: "250m" })
    expect(spec.nodeSelector).toEqual({ runtime: "special" })
    expect(await refusal(createPod("b", { runtimeClassName: "gone" }))).toMatch(
      /pod rejected: RuntimeClass "gone" not found/,
    )
    expect(await refusal(createPod("c", { runtimeClassName: name, nodeSelector: { runtime: "x" } }))).toMatch(
      /conflict: runtimeClass.scheduling.nodeSelector\[runtime\] = special; pod.spec.nodeSelector\[runtime\] = x/,
    )
    expect(await refusal(createPod("d", { overhead: { cpu: "1" } }))).toMatch(
      /Pod Overhead set without corresponding RuntimeClass defined Overhead/,
    )
  })
})

describe("certificate requests", () => {
  const request = (
    name: string,
    subject: { commonName: string; organizations: string[] },
    signerName: string,
  ) => ({
    metadata: { name },
    spec: {
      signerName,
      usages: ["client auth" as const],
      request: btoa(encodePem("CERTIFICATE REQUEST", signCertificateRequest({ subject }, generateKey()))),
    },
  })
  const signer = "kubernetes.io/kube-apiserver-client"

  it("cannot make anybody all-powerful", async () => {
    const subject = { commonName: "eve", organizations: ["system:masters"] }
    expect(await refusal(client.create(CertificateSigningRequest, request("eve", subject, signer)))).toBe(
      `certificatesigningrequests.certificates.k8s.io "eve" is forbidden: use of ${signer} signer with system:masters group is not allowed`,
    )
    const modest = { commonName: "eve", organizations: ["dev"] }
    expect(await refusal(client.create(CertificateSigningRequest, request("eve", modest, signer)))).toBe(
      "allowed",
    )
  })
})

describe("NodeRestriction", () => {
  let node: Client
  beforeEach(async () => {
    node = server.clientOf("system:node:n1", "system:nodes")
    await client.create(Node, { metadata: { name: "n1" } }).catch(() => {})
  })

  it("lets a node speak for itself alone", async () => {
    const other = { metadata: { name: `n2-${namespace}` } }
    expect(await refusal(node.create(Node, other))).toBe(
      `nodes "n2-${namespace}" is forbidden: node "n1" is not allowed to modify node "n2-${namespace}"`,
    )
    const change = async (edit: (node: Node) => Node) =>
      refusal(node.update(Node, edit(await client.get(Node, { name: "n1" }))))
    const label = (labels: Record<string, string>) =>
      change((before) => ({
        ...before,
        metadata: { ...before.metadata, labels: { ...before.metadata.labels, ...labels } },
      }))
    expect(await label({ "kubernetes.io/hostname": "h", mine: "x" })).toBe("allowed")
    expect(await label({ "node-restriction.kubernetes.io/x": "y" })).toBe(
      'nodes "n1" is forbidden: is not allowed to modify labels: node-restriction.kubernetes.io/x',
    )
    expect(await label({ "node-role.kubernetes.io/control-plane": "" })).toMatch(
      /is not allowed to modify labels/,
    )
    expect(await change((before) => ({ ...before, spec: { ...before.spec, taints: [] } }))).toBe(
      'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
    )
  })

  it("lets a node delete and report its own pods alone", async () => {
    await client.create(Pod, pod("mine", { nodeName: "n1" }))
    await client.create(Pod, pod("other", { nodeName: "n2" }))
    const status = async (name: string) => {
      const before = await client.get(Pod, { namespace, name })
      return refusal(node.updateStatus(Pod, { ...before, status: { ...before.status, message: "hi" } }))
    }
    expect(await status("mine")).toBe("allowed")
    expect(await status("other")).toBe(
      'pods "other" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
    )
    expect(await refusal(node.delete(Pod, { namespace, name: "other" }))).toBe(
      'pods "other" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
    )
    expect(await refusal(node.create(Pod, pod("new", { nodeName: "n1" })))).toMatch(
      /pod does not have "kubernetes.io\/config.mirror" annotation, node "n1" can only create mirror pods/,
    )
    expect(await refusal(node.delete(Pod, { namespace, name: "mine" }))).toBe("allowed")
  })

  it("keeps a stolen node credential from other nodes' Secrets", async () => {
    await client.create(Secret, { metadata: { namespace, name: "s" } })
    await client.create(
      Pod,
      pod("p", { nodeName: "n2", volumes: [{ name: "s", secret: { secretName: "s" } }] }),
    )
    expect(await refusal(node.get(Secret, { namespace, name: "s" }))).toBe(
      `secrets "s" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "${namespace}": no relationship found between node 'n1' and this object`,
    )
    await client.create(
      Pod,
      pod("q", { nodeName: "n1", volumes: [{ name: "s", secret: { secretName: "s" } }] }),
    )
    expect(await refusal(node.get(Secret, { namespace, name: "s" }))).toBe("allowed")
  })
})

describe("RBAC", () => {
  it("judges requests as they come, and grants nothing its giver lacks", async () => {
    const jane = server.clientOf("jane")
    expect(await refusal(jane.list(Pod, { namespace }))).toBe(
      `pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "${namespace}"`,
    )
    const { ClusterRoleBinding } = await import("../../api/rbac/v1/cluster-role-binding.ts")
    const { RoleBinding } = await import("../../api/rbac/v1/role-binding.ts")
    const bind = (by: Client, name: string, role: string) =>
      refusal(
        by.create(RoleBinding, {
          metadata: { namespace, name },
          subjects: [{ kind: "User", name: "jane" }],
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
        }),
      )
    expect(await bind(client, "jane", "admin")).toBe("allowed")
    expect(await refusal(jane.list(Pod, { namespace }))).toBe("allowed")
    expect(await bind(jane, "more", "edit")).toBe("allowed")
    expect(await bind(jane, "too-much", "cluster-admin")).toMatch(
      /user "jane" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held/,
    )
    expect(
      await refusal(
        jane.create(ClusterRoleBinding, {
          metadata: { name: "self" },
          subjects: [{ kind: "User", name: "jane" }],
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
        }),
      ),
    ).toMatch(/cannot create resource "clusterrolebindings"/)
  })
})
