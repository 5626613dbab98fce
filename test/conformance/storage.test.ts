import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster()

const volumes = "/api/v1/persistentvolumes"

const volumeOf = (namespace: string, more: Json = {}) => ({
  metadata: { generateName: "pv-", labels: { "e2e-pv-pool": namespace } },
  spec: {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    persistentVolumeReclaimPolicy: "Retain",
    storageClassName: `none-${namespace}`,
    csi: { driver: "csi.example.com", volumeHandle: "e2e-conformance" },
  },
  ...more,
})

const claimOf = (namespace: string) => ({
  metadata: { generateName: "pvc-", labels: { "e2e-pvc-pool": namespace } },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    storageClassName: `unknown-${namespace}`,
  },
})

async function gone(api: Api, path: string): Promise<void> {
  await eventually(async () => (await api.send("GET", path)).status === 404, `${path} is gone`)
}

conformance(
  "[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC [Conformance]",
  async ({ api, namespace }) => {
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`
    const selecting = { labelSelector: `e2e-pv-pool=${namespace}` }
    for (const round of ["one by one", "as a collection"]) {
      const volume = await api.create(volumes, volumeOf(namespace))
      const claim = await api.create(claims, claimOf(namespace))
      const volumePath = `${volumes}/${volume["metadata"].name}`
      const claimPath = `${claims}/${claim["metadata"].name}`
      expect((await api.get(volumes, selecting))["items"]).toHaveLength(1)
      expect((await api.get(claims))["items"]).toHaveLength(1)
      for (const [path, made] of [
        [volumePath, volume],
        [claimPath, claim],
      ] as const) {
        const label = made["metadata"].name
        const patched = await api.patch(path, { metadata: { labels: { [label]: "patched" } } })
        expect(patched["metadata"].labels[label]).toBe("patched")
        const read = await api.get(path)
        expect(read["metadata"].uid).toBe(made["metadata"].uid)
        if (round === "one by one") continue
        await eventually(async () => {
          const current = await api.get(path)
          current["metadata"].labels[label] = "updated"
          return (await api.send("PUT", path, { body: current })).status === 200
        }, "it can be updated")
      }
      if (round === "one by one") {
        await api.delete(claimPath)
        await api.delete(volumePath)
      } else {
        await api.delete(claims, { query: { labelSelector: `e2e-pvc-pool=${namespace}` } })
        await api.delete(volumes, { query: selecting })
      }
      await gone(api, claimPath)
      await gone(api, volumePath)
    }
  },
)

conformance(
  "[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status [Conformance]",
  async ({ api, namespace }) => {
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`
    const volume = await api.create(volumes, volumeOf(namespace))
    const claim = await api.create(claims, claimOf(namespace))
    const volumePath = `${volumes}/${volume["metadata"].name}`
    const claimPath = `${claims}/${claim["metadata"].name}`

    expect((await api.get(`${claimPath}/status`))["status"].phase).toBe("Pending")
    const condition = (type: string) => ({ type, status: "True", reason: "E2E", message: `Set by e2e test` })
    const patched = await api.patch(`${claimPath}/status`, {
      status: { conditions: [condition("StatusPatched")] },
    })
    expect(patched["status"].conditions).toMatchObject([{ type: "StatusPatched", reason: "E2E" }])
    const updated = await changeStatus(api, claimPath, (status) => {
      status["conditions"] = [...status["conditions"], condition("StatusUpdated")]
    })
    expect(updated["status"].conditions.map(({ type }: Json) => type)).toEqual([
      "StatusPatched",
      "StatusUpdated",
    ])

    expect(["Pending", "Available"]).toContain((await api.get(`${volumePath}/status`))["status"].phase)
    const patchedVolume = await api.patch(`${volumePath}/status`, {
      status: { message: "StatusPatched", reason: "E2E patchStatus" },
    })
    expect(patchedVolume["status"]).toMatchObject({ message: "StatusPatched", reason: "E2E patchStatus" })
    const updatedVolume = await changeStatus(api, volumePath, (status) => {
      status["reason"] = "E2E updateStatus"
      status["message"] = "StatusUpdated"
    })
    expect(updatedVolume["status"]).toMatchObject({ message: "StatusUpdated", reason: "E2E updateStatus" })
    await api.delete(claimPath)
    await api.delete(volumePath)
    await gone(api, volumePath)
  },
)

/** Controllers write it, too: another try when one of them was faster. */
async function changeStatus(api: Api, path: string, change: (status: Json) => void): Promise<Json> {
  return eventually(async () => {
    const current = await api.get(`${path}/status`)
    change(current["status"])
    const answer = await api.send("PUT", `${path}/status`, { body: current })
    return answer.status === 200 && answer.body
  }, "the status can be updated")
}

conformance(
  "[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status [Conformance]",
  async ({ api, namespace }) => {
    const attachments = "/apis/storage.k8s.io/v1/volumeattachments"
    const volume = await api.create(volumes, volumeOf(namespace))
    const path = `${attachments}/${namespace}`
    await api.create(attachments, {
      metadata: { name: namespace },
      spec: {
        attacher: "e2e-test.storage.k8s.io",
        nodeName: "e2e-node",
        source: { persistentVolumeName: volume["metadata"].name },
      },
    })
    const patched = await api.patch(`${path}/status`, { status: { attached: true } })
    expect(patched["status"].attached).toBe(true)
    const updated = await api.update(`${path}/status`, { ...patched, status: { attached: false } })
    expect(updated["status"].attached).toBe(false)
    await api.delete(path)
    await gone(api, path)
    await api.delete(`${volumes}/${volume["metadata"].name}`)
  },
)

conformance(
  "[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API [Conformance]",
  async ({ api, namespace }) => {
    const pods = `/api/v1/namespaces/${namespace}/pods`
    const source = { driver: "e2e.example.com", volumeAttributes: { size: "1Gi" }, readOnly: true }
    await eventually(async () => {
      const answer = await api.send("POST", pods, {
        body: {
          metadata: { name: "inline", labels: { inline: "true" } },
          spec: {
            nodeSelector: { nowhere: "true" },
            containers: [
              {
                name: "pause",
                image: "registry.k8s.io/pause:3.10",
                volumeMounts: [{ name: "data", mountPath: "/mnt" }],
              },
            ],
            volumes: [{ name: "data", csi: source }],
          },
        },
      })
      return answer.status === 201
    }, "the pod is created")
    const sourceOf = (pod: Json) => pod["spec"].volumes.find(({ name }: Json) => name === "data").csi
    expect(sourceOf(await api.get(`${pods}/inline`))).toEqual(source)
    expect((await api.get(pods, { labelSelector: "inline=true" }))["items"].map(sourceOf)).toEqual([source])
    const patched = await api.patch(`${pods}/inline`, { metadata: { labels: { patched: "true" } } })
    expect(sourceOf(patched)).toEqual(source)
    await api.delete(`${pods}/inline`)
    await gone(api, `${pods}/inline`)
  },
)
