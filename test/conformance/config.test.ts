import { expect } from "vitest"
import { conformance, type Json, useCluster } from "./harness.ts"

useCluster()

conformance(
  "[sig-node] ConfigMap should fail to create ConfigMap with empty key [Conformance]",
  async ({ api, namespace }) => {
    const body = { metadata: { name: "empty-key" }, data: { "": "value-1" } }
    const answer = await api.send("POST", `/api/v1/namespaces/${namespace}/configmaps`, { body })
    expect(answer.status).toBe(422)
    expect(answer.body["reason"]).toBe("Invalid")
  },
)

conformance(
  "[sig-node] Secrets should fail to create secret due to empty secret key [Conformance]",
  async ({ api, namespace }) => {
    const body = { metadata: { name: "empty-key" }, data: { "": "dmFsdWUtMQ==" } }
    const answer = await api.send("POST", `/api/v1/namespaces/${namespace}/secrets`, { body })
    expect(answer.status).toBe(422)
    expect(answer.body["reason"]).toBe("Invalid")
  },
)

conformance(
  "[sig-node] ConfigMap should update ConfigMap successfully [Conformance] [NodeConformance]",
  async ({ api, namespace }) => {
    const maps = `/api/v1/namespaces/${namespace}/configmaps`
    const made = await api.create(maps, { metadata: { name: "updated" }, data: {} })
    await api.update(`${maps}/updated`, { ...made, data: { data: "value" } })
    expect((await api.get(`${maps}/updated`))["data"]).toEqual({ data: "value" })
  },
)

staysWhenImmutable({
  codename: "[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]",
  plural: "configmaps",
  data: ["value-1", "value-2", "value-3"],
})
staysWhenImmutable({
  codename: "[sig-storage] Secrets should be immutable if `immutable` field is set [Conformance]",
  plural: "secrets",
  data: ["dmFsdWUtMQ==", "dmFsdWUtMg==", "dmFsdWUtMw=="],
})

function staysWhenImmutable({
  codename,
  plural,
  data,
}: {
  codename: string
  plural: string
  data: string[]
}) {
  conformance(codename, async ({ api, namespace }) => {
    const collection = `/api/v1/namespaces/${namespace}/${plural}`
    const path = `${collection}/immutable`
    const refused = async (object: Json, text: string) => {
      const { status, body } = await api.send("PUT", path, { body: object })
      expect(status).toBe(422)
      expect(body["message"]).toContain(text)
    }
    const made = await api.create(collection, {
      metadata: { name: "immutable" },
      data: { "data-1": data[0] },
    })
    const changed = await api.update(path, { ...made, data: { "data-1": data[1] } })
    const frozen = await api.update(path, { ...changed, immutable: true })
    await refused({ ...frozen, data: { "data-1": data[2] } }, "field is immutable when `immutable` is set")
    const { immutable: _, ...thawed } = frozen
    await refused(thawed, "field is immutable when `immutable` is set")
    const labelled = await api.update(path, {
      ...frozen,
      metadata: { ...frozen["metadata"], labels: { label1: "value1" } },
    })
    expect(labelled["metadata"].labels).toEqual({ label1: "value1" })
    expect(labelled["data"]).toEqual({ "data-1": data[1] })
    await api.delete(path)
  })
}

conformance(
  "[sig-node] PodTemplates should delete a collection of pod templates [Conformance]",
  async ({ api, namespace }) => {
    const templates = `/api/v1/namespaces/${namespace}/podtemplates`
    const labels = { "podtemplate-set": "true" }
    for (const name of ["test-podtemplate-1", "test-podtemplate-2", "test-podtemplate-3"]) {
      const containers = [{ name: "token-test", image: "registry.k8s.io/pause:3.10" }]
      await api.create(templates, {
        metadata: { name, labels },
        template: { metadata: {}, spec: { containers } },
      })
    }
    const selecting = { labelSelector: "podtemplate-set=true" }
    expect((await api.get(templates, selecting))["items"]).toHaveLength(3)
    await api.delete(templates, { query: selecting })
    expect((await api.get(templates, selecting))["items"]).toEqual([])
  },
)

conformance(
  "[sig-node] PodTemplates should replace a pod template [Conformance]",
  async ({ api, namespace }) => {
    const templates = `/api/v1/namespaces/${namespace}/podtemplates`
    const containers = [{ name: "e2e-test", image: "registry.k8s.io/pause:3.10" }]
    const made = await api.create(templates, {
      metadata: { name: "replaced" },
      template: { metadata: { labels: { app: "x" } }, spec: { containers } },
    })
    await api.update(`${templates}/replaced`, {
      ...made,
      metadata: { ...made["metadata"], annotations: { updated: "true" } },
    })
    expect((await api.get(`${templates}/replaced`))["metadata"].annotations).toEqual({ updated: "true" })
  },
)
