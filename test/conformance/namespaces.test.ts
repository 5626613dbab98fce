import { expect } from "vitest"
import { conformance, eventually, type Json, useCluster } from "./harness.ts"
import { gone, readyPods, resting } from "./workloads.ts"

useCluster({ nodes: 1 })

conformance(
  "[sig-api-machinery] Namespaces should patch a Namespace [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}`
    await api.patch(path, { metadata: { labels: { testLabel: "testValue" } } }, "strategic")
    expect((await api.get(path))["metadata"].labels.testLabel).toBe("testValue")
  },
)

conformance(
  "[sig-api-machinery] Namespaces should apply an update to a Namespace [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}`
    const found = await api.get(path)
    found["metadata"].labels = { ...found["metadata"].labels, [namespace]: "updated" }
    const updated = await api.update(path, found)
    expect(updated["metadata"].labels[namespace]).toBe("updated")
  },
)

conformance(
  "[sig-api-machinery] Namespaces should apply changes to a namespace status [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/status`
    const { status } = await api.get(path)
    expect(status.phase).toBe("Active")
    const patched = await api.patch(path, {
      metadata: { annotations: { patchedstatus: "true" } },
      status: { conditions: [{ type: "StatusPatch", status: "True", reason: "E2E" }] },
    })
    expect(patched["metadata"].annotations.patchedstatus).toBe("true")
    expect(patched["status"].conditions).toMatchObject([{ type: "StatusPatch", reason: "E2E" }])
    patched["status"].conditions.push({ type: "StatusUpdate", status: "True", reason: "E2E" })
    const updated = await api.update(path, patched)
    expect(updated["status"].phase).toBe("Active")
    expect(updated["status"].conditions.length).toBe(2)
  },
)

conformance(
  "[sig-api-machinery] Namespaces should apply a finalizer to a Namespace [Conformance] [Serial]",
  async ({ api }) => {
    const name = `finalized-${Date.now().toString(36)}`
    const path = `/api/v1/namespaces/${name}`
    const created = await api.create("/api/v1/namespaces", { metadata: { name } })
    created["spec"].finalizers = [...created["spec"].finalizers, "e2e.example.com/fakeFinalizer"]
    const held = await api.update(`${path}/finalize`, created)
    expect(held["spec"].finalizers).toEqual(["kubernetes", "e2e.example.com/fakeFinalizer"])
    await api.delete(path)
    const terminating = await eventually(async () => {
      const found = await api.get(path)
      return !found["spec"].finalizers.includes("kubernetes") && found
    }, "the namespace controller is done with it")
    expect(terminating["status"].phase).toBe("Terminating")
    await api.update(`${path}/finalize`, { ...terminating, spec: { finalizers: [] } })
    await eventually(async () => (await api.send("GET", path)).status === 404, "the namespace is gone")
  },
)

conformance(
  "[sig-api-machinery] Namespaces should ensure that all services are removed when a namespace is deleted [Conformance] [Serial]",
  async ({ api }) => {
    const name = `services-${Date.now().toString(36)}`
    await api.create("/api/v1/namespaces", { metadata: { name } })
    const services = `/api/v1/namespaces/${name}/services`
    const created = await api.create(services, {
      metadata: { name: "test" },
      spec: { ports: [{ port: 80 }] },
    })
    expect(created["spec"].clusterIP).toMatch(/^\d/)
    await api.delete(`/api/v1/namespaces/${name}`)
    await eventually(
      async () => (await api.send("GET", `/api/v1/namespaces/${name}`)).status === 404,
      "the namespace is gone",
    )
    await api.create("/api/v1/namespaces", { metadata: { name } })
    expect((await api.get(services))["items"]).toEqual([])
    await api.delete(`/api/v1/namespaces/${name}`)
  },
)

conformance(
  "[sig-api-machinery] Namespaces should ensure that all pods are removed when a namespace is deleted [Conformance] [Serial]",
  async ({ api, namespace }) => {
    const name = `${namespace}-pods`
    const path = `/api/v1/namespaces/${name}`
    await api.create("/api/v1/namespaces", { metadata: { name } })
    await eventually(
      async () => (await api.send("GET", `${path}/serviceaccounts/default`)).status === 200,
      "the default account is there",
    )
    await api.create(`${path}/pods`, { ...resting({}), metadata: { name: "test-pod" } })
    await readyPods(api, `${path}/pods`, 1)
    await api.delete(path)
    await gone(api, path)
    await api.create("/api/v1/namespaces", { metadata: { name } })
    expect((await api.get(`${path}/pods`))["items"]).toEqual([])
    await api.delete(path)
  },
)

conformance(
  "[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first [Conformance]",
  async ({ api, namespace }) => {
    const name = `${namespace}-ordered`
    const path = `/api/v1/namespaces/${name}`
    await api.create("/api/v1/namespaces", { metadata: { name } })
    await eventually(
      async () => (await api.send("GET", `${path}/serviceaccounts/default`)).status === 200,
      "the default account is there",
    )
    const finalizers = ["e2e.example.com/finalizer"]
    await api.create(`${path}/pods`, { ...resting({}), metadata: { name: "test-pod", finalizers } })
    await readyPods(api, `${path}/pods`, 1)
    await api.create(`${path}/configmaps`, { metadata: { name: "test-configmap" }, data: { key: "value" } })
    await api.delete(path)
    await eventually(
      async () => (await api.get(`${path}/pods/test-pod`))["metadata"].deletionTimestamp !== undefined,
      "the pod is being deleted",
    )
    const condition = await eventually(
      async () =>
        (await api.get(path))["status"].conditions?.find(
          ({ type, status }: Json) => type === "NamespaceContentRemaining" && status === "True",
        ),
      "the namespace says what is left",
    )
    expect(condition.message).toBe("Some resources are remaining: pods. has 1 resource instances")
    const configMap = await api.get(`${path}/configmaps/test-configmap`)
    expect(configMap["metadata"].deletionTimestamp).toBeUndefined()
    await api.patch(`${path}/pods/test-pod`, { metadata: { finalizers: null } })
    await gone(api, path)
  },
)
