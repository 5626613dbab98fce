import { afterAll, beforeAll, expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import {
  bothStages,
  configurationPath,
  disallowed,
  expectRefused,
  type Phase,
  startMutation,
  useWebhooks,
} from "./webhooks.ts"

useCluster()
const { start, stop, url, hook, withWebhooks } = useWebhooks()
beforeAll(start)
afterAll(stop)

const prefix = "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin]"
const registration = "/apis/admissionregistration.k8s.io/v1"

const configMapRule = {
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources: ["configmaps"],
}
const data = (api: Api, namespace: string, name: string, content: object) =>
  api.send("POST", `/api/v1/namespaces/${namespace}/configmaps`, {
    body: { metadata: { name }, data: content },
  })

const pod = (name: string, container = "c", labels = {}) => ({
  metadata: { name, labels },
  spec: { containers: [{ name: container, image: "registry.k8s.io/pause:3.10" }] },
})

conformance(
  `${prefix} should include webhook resources in discovery documents [Conformance]`,
  async ({ api }) => {
    const { groups } = await api.get("/apis")
    const group = groups.find(({ name }: Json) => name === "admissionregistration.k8s.io")
    const groupVersion = "admissionregistration.k8s.io/v1"
    expect(group.versions).toContainEqual({ groupVersion, version: "v1" })
    expect((await api.get("/apis/admissionregistration.k8s.io"))["versions"]).toContainEqual({
      groupVersion,
      version: "v1",
    })
    const names = (await api.get(registration))["resources"].map(({ name }: Json) => name)
    expect(names).toEqual(
      expect.arrayContaining(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]),
    )
  },
)

conformance(`${prefix} should be able to deny pod and configmap creation [Conformance]`, async (world) => {
  const { api, namespace } = world
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const message = "the configmap contains unwanted key and value"
  const podRule = { ...configMapRule, resources: ["pods"] }
  const unmarked = { matchExpressions: [{ key: namespace, operator: "NotIn", values: ["skip"] }] }
  const webhooks = [
    hook(namespace, "/pods", [podRule], { timeoutSeconds: 2 }),
    hook(namespace, "/configmaps", [{ ...configMapRule, operations: ["CREATE", "UPDATE"] }], {
      namespaceSelector: unmarked,
      objectSelector: { matchExpressions: [{ key: "ours", operator: "DoesNotExist" }] },
    }),
    // Nobody is there, and that is to be ignored.
    hook(namespace, "/nobody", [configMapRule], {
      clientConfig: { url: "https://127.0.0.1:1/" },
      failurePolicy: "Ignore",
    }),
  ]
  await withWebhooks(world, "validating", webhooks, async () => {
    const bad = pod("disallowed-pod", "webhook-disallow", disallowed)
    const refused = await api.send("POST", pods, { body: bad })
    expectRefused(refused, "unwanted container name", "unwanted label")
    const hanging = pod("hanging-pod", "wait-forever", { "webhook-e2e-test": "wait-forever" })
    expectRefused(await api.send("POST", pods, { body: hanging }), "deadline")
    expectRefused(await data(api, namespace, "disallowed", disallowed), message)
    const allowed = await data(api, namespace, "allowed", { admit: "this" })
    expect(allowed.status).toBe(201)
    const path = `/api/v1/namespaces/${namespace}/configmaps/allowed`
    expectRefused(await api.send("PUT", path, { body: { ...allowed.body, data: disallowed } }), message)
    const headers = { "content-type": "application/strategic-merge-patch+json" }
    expectRefused(await api.send("PATCH", path, { headers, body: { data: disallowed } }), message)
    const skipped = `${namespace}-skipped`
    await api.create("/api/v1/namespaces", { metadata: { name: skipped, labels: { [namespace]: "skip" } } })
    expect((await data(api, skipped, "disallowed", disallowed)).status).toBe(201)
    await api.delete(`/api/v1/namespaces/${skipped}`)
  })
})

conformance(`${prefix} should be able to deny attaching pod [Conformance]`, async (world) => {
  const { api, namespace } = world
  const rule = { ...configMapRule, operations: ["CONNECT"], resources: ["pods/attach"] }
  await api.create(`/api/v1/namespaces/${namespace}/pods`, pod("to-be-attached-pod", "container1"))
  await withWebhooks(world, "validating", [hook(namespace, "/pods/attach", [rule])], async () => {
    const path = `/api/v1/namespaces/${namespace}/pods/to-be-attached-pod/attach`
    const answer = await api.send("POST", path, { query: { container: "container1", stdin: "true" } })
    expectRefused(answer, "attaching to pod 'to-be-attached-pod' is not allowed")
  })
})

conformance(`${prefix} should deny crd creation [Conformance]`, async (world) => {
  const { api, namespace } = world
  const rule = {
    apiGroups: ["apiextensions.k8s.io"],
    apiVersions: ["*"],
    operations: ["CREATE"],
    resources: ["customresourcedefinitions"],
  }
  const group = `${namespace}.example.com`
  const labels = { ...disallowed, [namespace]: "yes" }
  const definition = {
    metadata: { name: `things.${group}`, labels },
    spec: {
      group,
      scope: "Cluster",
      names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  }
  const own = { objectSelector: { matchLabels: { [namespace]: "yes" } } }
  await withWebhooks(world, "validating", [hook(namespace, "/crd", [rule], own)], async () => {
    const answer = await api.send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      body: definition,
    })
    expectRefused(answer, "the crd contains unwanted label")
  })
})

conformance(
  `${prefix} should unconditionally reject operations on fail closed webhook [Conformance]`,
  async (world) => {
    const { api, namespace } = world
    const clientConfig = { url: url("/configmaps") }
    const closed = hook(namespace, "/configmaps", [configMapRule], { clientConfig, failurePolicy: "Fail" })
    await withWebhooks(world, "validating", [closed], async () => {
      const { status, body } = await data(api, namespace, "foo", {})
      expect([status, body["reason"]]).toEqual([500, "InternalError"])
      expect(body["message"]).toContain("tls: failed to verify certificate: x509:")
    })
  },
)

conformance(`${prefix} should honor timeout [Conformance]`, async (world) => {
  const { api, namespace } = world
  const slow = (more: object) => [hook(namespace, "/always-allow-delay-5s", [configMapRule], more)]
  await withWebhooks(world, "validating", slow({ timeoutSeconds: 1, failurePolicy: "Fail" }), async () => {
    expectRefused(await data(api, namespace, "a", {}), "deadline")
  })
  await withWebhooks(world, "validating", slow({ timeoutSeconds: 1, failurePolicy: "Ignore" }), async () => {
    expect((await data(api, namespace, "b", {})).status).toBe(201)
  })
  await withWebhooks(world, "validating", slow({ timeoutSeconds: 10, failurePolicy: "Fail" }), async () => {
    expect((await data(api, namespace, "c", {})).status).toBe(201)
  })
  // Without one it is ten seconds.
  await withWebhooks(world, "validating", slow({ failurePolicy: "Fail" }), async (path) => {
    expect((await api.get(path))["webhooks"][0].timeoutSeconds).toBe(10)
    expect((await data(api, namespace, "d", {})).status).toBe(201)
  })
})

const stages = (namespace: string) => [
  hook(namespace, "/mutating-data", [configMapRule], { name: "stage-1.k8s.io" }),
  hook(namespace, "/mutating-data", [configMapRule], { name: "stage-2.k8s.io" }),
]

conformance(`${prefix} should mutate configmap [Conformance]`, async (world) => {
  const { api, namespace } = world
  await withWebhooks(world, "mutating", stages(namespace), async () => {
    expect((await data(api, namespace, "a", startMutation)).body["data"]).toEqual(bothStages)
  })
})

conformance(`${prefix} should mutate pod and apply defaults after mutation [Conformance]`, async (world) => {
  const { api, namespace } = world
  const rule = { ...configMapRule, resources: ["pods"] }
  await withWebhooks(world, "mutating", [hook(namespace, "/mutating-pods", [rule])], async () => {
    const { spec } = await api.create(`/api/v1/namespaces/${namespace}/pods`, pod("to-be-mutated"))
    expect(spec.initContainers).toMatchObject([
      { name: "webhook-added-init-container", terminationMessagePolicy: "File" },
    ])
  })
})

conformance(
  `${prefix} should not be able to mutate or prevent deletion of webhook configuration objects [Conformance]`,
  async (world) => {
    const { api, namespace } = world
    const rule = {
      apiGroups: ["admissionregistration.k8s.io"],
      apiVersions: ["*"],
      resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    }
    const denial = [hook(namespace, "/always-deny", [{ ...rule, operations: ["DELETE"] }])]
    const labelling = [hook(namespace, "/add-label", [{ ...rule, operations: ["CREATE"] }])]
    await withWebhooks(world, "validating", denial, () =>
      withWebhooks(world, "mutating", labelling, async () => {
        for (const phase of ["validating", "mutating"] as const) {
          const name = `${namespace}-dummy`
          const made = await api.create(configurationPath(phase), { metadata: { name }, webhooks: [] })
          expect(made["metadata"].labels).toBeUndefined()
          await api.delete(configurationPath(phase, name))
        }
      }),
    )
  },
)

const refusesData = async (api: Api, namespace: string, name: string) =>
  (await data(api, namespace, name, disallowed)).status >= 400
const changesData = async (api: Api, namespace: string, name: string) =>
  (await data(api, namespace, name, startMutation)).body["data"]["mutation-stage-1"] === "yes"

/** The same promise for both phases: what is registered acts, what is changed acts otherwise at once. */
const phases: [Phase, string, string, (api: Api, namespace: string, name: string) => Promise<boolean>][] = [
  ["validating", "a validating webhook", "/configmaps", refusesData],
  ["mutating", "a mutating webhook", "/mutating-data", changesData],
]
for (const [phase, called, path, acts] of phases) {
  conformance(`${prefix} patching/updating ${called} should work [Conformance]`, async (world) => {
    const { api, namespace } = world
    await withWebhooks(world, phase, [hook(namespace, path, [configMapRule])], async (own) => {
      expect(await acts(api, namespace, "first")).toBe(true)
      const found = await api.get(own)
      found["webhooks"][0].rules[0].operations = ["UPDATE"]
      await api.update(own, found)
      expect(await acts(api, namespace, "second")).toBe(false)
      await api.patch(
        own,
        [{ op: "replace", path: "/webhooks/0/rules/0/operations", value: ["CREATE"] }],
        "json",
      )
      expect(await acts(api, namespace, "third")).toBe(true)
    })
  })

  conformance(`${prefix} listing ${phase} webhooks should work [Conformance]`, async (world) => {
    const { api, namespace } = world
    const labels = { "e2e-list-test-uuid": namespace }
    const selector = { labelSelector: `e2e-list-test-uuid=${namespace}` }
    for (let index = 0; index < 10; index++) {
      const metadata = { name: `${namespace}-${index}`, labels }
      await api.create(configurationPath(phase), {
        metadata,
        webhooks: [hook(namespace, path, [configMapRule])],
      })
    }
    expect((await api.get(configurationPath(phase), selector))["items"]).toHaveLength(10)
    expect(await acts(api, namespace, "first")).toBe(true)
    await api.delete(configurationPath(phase), { query: selector })
    await eventually(async () => {
      const { items } = await api.get(configurationPath(phase), selector)
      return items.length === 0
    }, "the configurations are gone")
    expect(await acts(api, namespace, "second")).toBe(false)
  })
}

const condition = (name: string, expression: string) => [{ name, expression }]
const skipping = condition("skip-me", "object.metadata.name != 'skip-me'")

conformance(`${prefix} should mutate everything except 'skip-me' configmaps [Conformance]`, async (world) => {
  const { api, namespace } = world
  const webhooks = [hook(namespace, "/mutating-data", [configMapRule], { matchConditions: skipping })]
  await withWebhooks(world, "mutating", webhooks, async () => {
    expect((await data(api, namespace, "skip-me", startMutation)).body["data"]).toEqual(startMutation)
    expect((await data(api, namespace, "other", startMutation)).body["data"]).toEqual({
      ...startMutation,
      "mutation-stage-1": "yes",
    })
  })
})

for (const [phase, , path] of phases) {
  conformance(
    `${prefix} should be able to create and update ${phase} webhook configurations with match conditions [Conformance]`,
    async (world) => {
      const { api, namespace } = world
      const webhooks = [hook(namespace, path, [configMapRule], { matchConditions: skipping })]
      await withWebhooks(world, phase, webhooks, async (own) => {
        const found = await api.get(own)
        expect(found["webhooks"][0].matchConditions).toEqual(skipping)
        const others = condition("other", "object.metadata.name == 'other'")
        found["webhooks"][0].matchConditions = others
        await api.update(own, found)
        expect((await api.get(own))["webhooks"][0].matchConditions).toEqual(others)
      })
    },
  )

  conformance(
    `${prefix} should reject ${phase} webhook configurations with invalid match conditions [Conformance]`,
    async ({ api, namespace }) => {
      const matchConditions = condition("broken", "... [] bad expression")
      const webhooks = [hook(namespace, path, [configMapRule], { matchConditions })]
      const body = { metadata: { name: namespace }, webhooks }
      expectRefused(await api.send("POST", configurationPath(phase), { body }), "compilation failed")
    },
  )
}
