import { afterAll, beforeAll, expect } from "vitest"
import { startWebhookServer, type WebhookServer } from "../clients/start-webhook-server.ts"
import { type Definition, definitionsPath, newNames, version, withDefinition } from "./custom-definitions.ts"
import { type Api, conformance, type Json, useCluster } from "./harness.ts"

useCluster()
let server: WebhookServer
beforeAll(async () => {
  server = await startWebhookServer()
})
afterAll(() => server.stop())

const prefix = "[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin]"
const text = { type: "string" }
const versions = [
  version("v1", { type: "object", properties: { hostPort: text } }),
  version("v2", { type: "object", properties: { host: text, port: text } }),
]

function withConversion(api: Api, names: Definition, work: () => Promise<void>): Promise<void> {
  const clientConfig = { url: `https://127.0.0.1:${server.port}/convert`, caBundle: server.caBundle }
  const conversion = {
    strategy: "Webhook",
    webhook: { clientConfig, conversionReviewVersions: ["v1", "v1beta1"] },
  }
  return withDefinition(api, names, versions, work, { scope: "Namespaced", conversion })
}

const objectOf = ({ group, kind }: Definition, name: string, more: object, apiVersion = "v1") => ({
  apiVersion: `${group}/${apiVersion}`,
  kind,
  metadata: { name },
  ...more,
})

conformance(
  `${prefix} should be able to convert from CR v1 to CR v2 [Conformance]`,
  async ({ api, namespace }) => {
    const names = newNames()
    await withConversion(api, names, async () => {
      await api.create(
        names.path("v1", namespace),
        objectOf(names, "cr-instance-1", { hostPort: "localhost:8080" }),
      )
      const converted = await api.get(`${names.path("v2", namespace)}/cr-instance-1`)
      expect([converted["host"], converted["port"], converted["hostPort"]]).toEqual([
        "localhost",
        "8080",
        undefined,
      ])
    })
  },
)

conformance(
  `${prefix} should be able to convert a non homogeneous list of CRs [Conformance]`,
  async ({ api, namespace }) => {
    const names = newNames()
    await withConversion(api, names, async () => {
      await api.create(
        names.path("v1", namespace),
        objectOf(names, "cr-instance-1", { hostPort: "localhost:8080" }),
      )
      // From now on v2 is stored: the list has one object of each.
      const store = ["0", "1"].map((index) => ({
        op: "replace",
        path: `/spec/versions/${index}/storage`,
        value: index === "1",
      }))
      await api.patch(definitionsPath(names.name), store, "json")
      const second = objectOf(names, "cr-instance-2", { host: "localhost", port: "8081" }, "v2")
      await api.create(names.path("v2", namespace), second)
      const read = async (name: string) => (await api.get(names.path(name, namespace)))["items"] as Json[]
      expect((await read("v1")).map(({ hostPort }) => hostPort)).toEqual(["localhost:8080", "localhost:8081"])
      expect((await read("v2")).map(({ host, port }) => `${host} ${port}`)).toEqual([
        "localhost 8080",
        "localhost 8081",
      ])
    })
  },
)
