import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, toCome, useCluster } from "./harness.ts"
import { change, listed, readyPods, resting } from "./workloads.ts"

useCluster({ nodes: 2 })

function paths(namespace: string) {
  const core = `/api/v1/namespaces/${namespace}`
  return {
    services: `${core}/services`,
    endpoints: `${core}/endpoints`,
    pods: `${core}/pods`,
    slices: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
  }
}

const slicesOf = (api: Api, namespace: string, service: string) =>
  listed(api, paths(namespace).slices, { labelSelector: `kubernetes.io/service-name=${service}` })

async function createService(api: Api, namespace: string, name: string, spec: Json): Promise<void> {
  await api.create(paths(namespace).services, { metadata: { name }, spec })
}

async function goneWithService(api: Api, namespace: string, name: string): Promise<void> {
  const { services, endpoints } = paths(namespace)
  await api.delete(`${services}/${name}`)
  await eventually(async () => (await slicesOf(api, namespace, name)).length === 0, "the slices are gone")
  await eventually(
    async () => (await api.send("GET", `${endpoints}/${name}`)).status === 404,
    "the Endpoints are gone",
  )
}

const http = { name: "example", port: 80, targetPort: 3000, protocol: "TCP" }

for (const codename of [
  "[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods [Conformance]",
  "[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods [Conformance]",
])
  conformance(codename, async ({ api, namespace }) => {
    await createService(api, namespace, "empty", { selector: { nothing: "matches" }, ports: [http] })
    const [slice] = await eventually(async () => {
      const found = await slicesOf(api, namespace, "empty")
      return found.length > 0 && found
    }, "there is a slice")
    expect(slice!["endpoints"] ?? []).toEqual([])
    expect(slice!["metadata"].labels["endpointslice.kubernetes.io/managed-by"]).toBe(
      "endpointslice-controller.k8s.io",
    )
    const { endpoints } = paths(namespace)
    const found = await eventually(async () => {
      const { status, body } = await api.send("GET", `${endpoints}/empty`)
      return status === 200 && body
    }, "there are Endpoints")
    expect(found["subsets"] ?? []).toEqual([])
    await goneWithService(api, namespace, "empty")
  })

for (const codename of [
  "[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service [Conformance]",
  "[sig-network] EndpointsController should create Endpoints for Pods matching a Service [Conformance]",
])
  conformance(codename, async ({ api, namespace }) => {
    const { pods, endpoints, slices } = paths(namespace)
    const make = async (name: string, containerPort: number, labels: Json) => {
      const pod = resting(labels)
      pod["spec"].containers[0].ports = [{ name: "named", containerPort, protocol: "TCP" }]
      await api.create(pods, { ...pod, metadata: { name, labels } })
    }
    await make("pod1", 3000, { foo: "bar", shared: "yes" })
    await make("pod2", 3001, { baz: "qux", shared: "yes" })
    // One for the first pod alone, one for both, whose port has another number in each.
    await createService(api, namespace, "one", {
      selector: { foo: "bar" },
      publishNotReadyAddresses: true,
      ports: [{ ...http, targetPort: "named" }],
    })
    await createService(api, namespace, "both", {
      selector: { shared: "yes" },
      publishNotReadyAddresses: true,
      ports: [{ ...http, targetPort: "named" }],
    })
    const [first, second] = (await readyPods(api, pods, 2)) as [Json, Json]
    const addressOf = (pod: Json) => pod["status"].podIP as string
    const targets = async (service: string) =>
      (await slicesOf(api, namespace, service))
        .flatMap((slice) =>
          ((slice["endpoints"] ?? []) as Json[]).map((endpoint) => [
            endpoint["addresses"][0],
            slice["ports"][0].port,
            endpoint["targetRef"].name,
          ]),
        )
        .sort((a, b) => (a[2] < b[2] ? -1 : 1))
    const wanted = [
      [addressOf(first), 3000, "pod1"],
      [addressOf(second), 3001, "pod2"],
    ]
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
    await eventually(async () => same(await targets("one"), wanted.slice(0, 1)), "the slice tells the pod")
    await eventually(async () => same(await targets("both"), wanted), "two slices tell both pods")
    const subsets = await eventually(async () => {
      const found = (await api.get(`${endpoints}/both`))["subsets"] as Json[] | undefined
      return found?.length === 2 && found
    }, "the Endpoints tell both")
    const told = subsets.map(({ addresses, ports }) => [addresses[0].ip, ports[0].port])
    expect(told.sort()).toEqual(wanted.map(([ip, port]) => [ip, port]).sort())
    // What somebody takes away comes back.
    const [slice] = await slicesOf(api, namespace, "one")
    await api.delete(`${slices}/${slice!["metadata"].name}`)
    await eventually(async () => same(await targets("one"), wanted.slice(0, 1)), "the slice is back")
    await api.delete(`${endpoints}/one`)
    await eventually(
      async () => (await api.send("GET", `${endpoints}/one`)).body["subsets"]?.length === 1,
      "the Endpoints are back",
    )
  })

conformance(
  "[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete [Conformance]",
  async ({ api, namespace }) => {
    const { endpoints } = paths(namespace)
    await createService(api, namespace, "custom", { ports: [{ name: "example", port: 80, protocol: "TCP" }] })
    const subset = (ip: string, port: number) => ({
      addresses: [{ ip }],
      ports: [{ ...http, port, targetPort: undefined }],
    })
    await api.create(endpoints, { metadata: { name: "custom" }, subsets: [subset("10.1.2.3", 80)] })
    const mirrored = (ip: string, port: number) =>
      eventually(async () => {
        const [slice, ...others] = await slicesOf(api, namespace, "custom")
        if (!slice || others.length > 0) return false
        const isRight = slice["endpoints"][0].addresses[0] === ip && slice["ports"][0].port === port
        return isRight && slice
      }, "the slice says what the Endpoints say")
    const slice = await mirrored("10.1.2.3", 80)
    expect(slice["metadata"].labels["endpointslice.kubernetes.io/managed-by"]).toBe(
      "endpointslicemirroring-controller.k8s.io",
    )
    await change(api, `${endpoints}/custom`, (object) => {
      object["subsets"] = [subset("10.2.3.4", 8080)]
    })
    await mirrored("10.2.3.4", 8080)
    await api.delete(`${endpoints}/custom`)
    await eventually(async () => (await slicesOf(api, namespace, "custom")).length === 0, "the slice is gone")
  },
)

const ofServer =
  "[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]"
if (process.env["CORACLE_CONFORMANCE_KUBECONFIG"])
  conformance(ofServer, async ({ api }) => {
    const { subsets } = await api.get("/api/v1/namespaces/default/endpoints/kubernetes")
    const addresses = (subsets as Json[]).flatMap((subset) => subset["addresses"]).map(({ ip }) => ip)
    expect(addresses.length).toBeGreaterThan(0)
    const slices = await slicesOf(api, "default", "kubernetes")
    const told = slices.flatMap((slice) => slice["endpoints"]).flatMap((endpoint) => endpoint.addresses)
    expect(told.sort()).toEqual(addresses.sort())
    const ports = (list: Json[]) => list.map(({ name, port }) => ({ name, port }))
    expect(ports(slices[0]!["ports"])).toEqual(ports(subsets[0].ports))
  })
else toCome(ofServer, "a server on loopback alone has no address that pods could use: run it on real nodes")
