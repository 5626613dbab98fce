import { expect } from "vitest"
import { type Api, conformance, eventually, type Json, useCluster } from "./harness.ts"
import { change, type Ending, ending, gone, isReady, listed, resting } from "./workloads.ts"

useCluster({ nodes: 2 })

const resilient = { parallelism: 2, completions: 4, backoffLimit: 6 }

async function create(api: Api, namespace: string, spec: Json, more: Json = {}) {
  const collection = `/apis/batch/v1/namespaces/${namespace}/jobs`
  const metadata = { name: "job", ...more }
  await api.create(collection, { metadata, spec })
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const labelSelector = "batch.kubernetes.io/job-name=job"
  return { path: `${collection}/job`, collection, pods, listPods: () => listed(api, pods, { labelSelector }) }
}

/** A template of pods that go on until they are stopped. */
const unending = (): Json => {
  const template = resting({})
  template["spec"].restartPolicy = "Never"
  return template
}

const indexed = (how: Ending, more: Json): Json => ({
  completionMode: "Indexed",
  template: ending(how),
  ...more,
})

async function findCondition(api: Api, path: string, type: string): Promise<Json | undefined> {
  const { status } = await api.get(path)
  return status.conditions?.find((each: Json) => each["type"] === type && each["status"] === "True")
}

function becomes(api: Api, path: string, type: string): Promise<Json> {
  return eventually(() => findCondition(api, path, type), `the Job is ${type}`, 60_000)
}

async function completes(api: Api, path: string, succeeded: number): Promise<Json> {
  const condition = await becomes(api, path, "Complete")
  expect(condition["reason"]).toBe("CompletionsReached")
  const { status } = await api.get(path)
  expect(status.succeeded).toBe(succeeded)
  return status
}

function hasRunning(listPods: () => Promise<Json[]>, count: number): Promise<Json[]> {
  return eventually(async () => {
    const pods = (await listPods()).filter((pod) => isReady(pod))
    return pods.length === count && pods
  }, `${count} pods run`)
}

conformance(
  "[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted [Conformance]",
  async ({ api, namespace }) => {
    const template = ending({ failsOnce: true, afterSeconds: 0 })
    const { path, listPods } = await create(api, namespace, { ...resilient, template })
    await completes(api, path, 4)
    const pods = await listPods()
    expect(pods.map(({ status }) => status.containerStatuses[0].restartCount)).toEqual([1, 1, 1, 1])
  },
)

conformance("[sig-apps] Job should delete a job [Conformance]", async ({ api, namespace }) => {
  const { path, listPods } = await create(api, namespace, { ...resilient, template: unending() })
  await hasRunning(listPods, 2)
  await api.delete(path, { body: { propagationPolicy: "Foreground" } })
  await gone(api, path)
  expect(await listPods()).toEqual([])
})

conformance(
  "[sig-apps] Job should adopt matching orphans and release non-matching pods [Conformance]",
  async ({ api, namespace }) => {
    const { path, pods, listPods } = await create(api, namespace, { ...resilient, template: unending() })
    const { uid } = (await api.get(path))["metadata"]
    const [pod] = await hasRunning(listPods, 2)
    const podPath = `${pods}/${pod!["metadata"].name}`
    const controller = async () => (await api.get(podPath))["metadata"].ownerReferences?.[0]?.uid
    await change(api, podPath, ({ metadata }) => {
      delete metadata.ownerReferences
    })
    await eventually(async () => (await controller()) === uid, "the pod is adopted again")
    await change(api, podPath, ({ metadata }) => {
      delete metadata.labels
    })
    await eventually(async () => (await controller()) === undefined, "the pod is released")
  },
)

conformance(
  "[sig-apps] Job should create pods for an Indexed job with completion indexes and specified hostname [Conformance]",
  async ({ api, namespace }) => {
    const { path, listPods } = await create(api, namespace, indexed({ afterSeconds: 0 }, resilient))
    await completes(api, path, 4)
    const pods = (await listPods()).filter(({ status }) => status.phase === "Succeeded")
    const annotation = "batch.kubernetes.io/job-completion-index"
    const indexes = pods.map(({ metadata }) => metadata.annotations[annotation])
    expect(indexes.sort()).toEqual(["0", "1", "2", "3"])
    for (const { metadata, spec } of pods) {
      const index = metadata.annotations[annotation]
      expect(spec.hostname).toBe(`job-${index}`)
      expect(metadata.labels[annotation]).toBe(index)
      const variable = spec.containers[0].env.find(({ name }: Json) => name === "JOB_COMPLETION_INDEX")
      expect(variable.valueFrom.fieldRef.fieldPath).toBe(`metadata.labels['${annotation}']`)
    }
  },
)

conformance(
  "[sig-apps] Job should allow to use the pod failure policy on exit code to fail the job early [Conformance]",
  async ({ api, namespace }) => {
    const podFailurePolicy = { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1] } }] }
    const template = ending({ code: 1 })
    const { path } = await create(api, namespace, { ...resilient, podFailurePolicy, template })
    const condition = await becomes(api, path, "Failed")
    expect(condition["reason"]).toBe("PodFailurePolicy")
    expect(condition["message"]).toMatch(
      /^Container main for pod .* failed with exit code 1 matching FailJob rule at index 0$/,
    )
  },
)

conformance(
  "[sig-apps] Job should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition [Conformance]",
  async ({ api, namespace }) => {
    const rule = { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }
    const counts = { parallelism: 3, completions: 3, backoffLimit: 2, podFailurePolicy: { rules: [rule] } }
    const { path, pods, listPods } = await create(api, namespace, indexed({ afterSeconds: 4 }, counts))
    const running = await hasRunning(listPods, 3)
    await Promise.all(
      running.map(({ metadata: { name } }) =>
        api.create(`${pods}/${name}/eviction`, {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { name, namespace },
        }),
      ),
    )
    await Promise.all(running.map(({ metadata: { name } }) => gone(api, `${pods}/${name}`)))
    const status = await completes(api, path, 3)
    expect(status["failed"]).toBeUndefined()
  },
)

conformance(
  "[sig-apps] Job should execute all indexes despite some failing when using backoffLimitPerIndex [Conformance]",
  async ({ api, namespace }) => {
    const how = { afterSeconds: 0, ofIndex: { 1: 1, 3: 1 } }
    const counts = { parallelism: 2, completions: 4, backoffLimitPerIndex: 1 }
    const { path } = await create(api, namespace, indexed(how, counts))
    const condition = await becomes(api, path, "Failed")
    expect(condition["reason"]).toBe("FailedIndexes")
    const { status } = await api.get(path)
    expect(status).toMatchObject({ completedIndexes: "0,2", failedIndexes: "1,3", failed: 4, succeeded: 2 })
  },
)

conformance(
  "[sig-apps] Job should mark indexes as failed when the FailIndex action is matched in podFailurePolicy [Conformance]",
  async ({ api, namespace }) => {
    const podFailurePolicy = {
      rules: [{ action: "FailIndex", onExitCodes: { operator: "In", values: [1] } }],
    }
    const counts = { parallelism: 2, completions: 2, backoffLimitPerIndex: 1, podFailurePolicy }
    const { path } = await create(api, namespace, indexed({ afterSeconds: 0, ofIndex: { 1: 1 } }, counts))
    await becomes(api, path, "Failed")
    const { status } = await api.get(path)
    expect(status).toMatchObject({ completedIndexes: "0", failedIndexes: "1", failed: 1, succeeded: 1 })
  },
)

conformance(
  "[sig-apps] Job should terminate job execution when the number of failed indexes exceeds maxFailedIndexes [Conformance]",
  async ({ api, namespace }) => {
    // The first two fail, the others would go on for long: they are stopped.
    const how = { code: 0, afterSeconds: 1, ofIndex: { 0: 1, 1: 1, 2: 1, 3: 1 } }
    const counts = { parallelism: 2, completions: 4, backoffLimitPerIndex: 1, maxFailedIndexes: 0 }
    const { path } = await create(api, namespace, indexed(how, counts))
    const condition = await becomes(api, path, "Failed")
    expect(condition["reason"]).toBe("MaxFailedIndexesExceeded")
    const { status } = await api.get(path)
    expect(status.completedIndexes ?? "").toBe("")
    expect(status.failedIndexes).toMatch(/^0|1/)
    expect(status.active).toBeUndefined()
  },
)

async function succeeds(api: Api, namespace: string, rule: Json | undefined, how: Ending, met: Json) {
  const successPolicy = rule && { rules: [rule] }
  const counts = { parallelism: 2, completions: 2, backoffLimit: 6, ...(successPolicy && { successPolicy }) }
  const { path } = await create(api, namespace, indexed(how, counts))
  const criteria = await becomes(api, path, "SuccessCriteriaMet")
  expect(criteria["reason"]).toBe("SuccessPolicy")
  const complete = await becomes(api, path, "Complete")
  expect(complete["reason"]).toBe("SuccessPolicy")
  const { status } = await api.get(path)
  expect(status).toMatchObject(met)
  expect([status.active, status.ready, status.terminating].map((count) => count ?? 0)).toEqual([0, 0, 0])
}

conformance(
  "[sig-apps] Job with successPolicy should succeeded when all indexes succeeded [Conformance]",
  ({ api, namespace }) =>
    succeeds(
      api,
      namespace,
      { succeededCount: 2 },
      { afterSeconds: 0 },
      { completedIndexes: "0,1", succeeded: 2 },
    ),
)

/** The other index tries until it is stopped. */
const onlyFirst = { afterSeconds: 0, ofIndex: { 1: 1 } }

conformance(
  "[sig-apps] Job with successPolicy succeededIndexes rule should succeeded even when some indexes remain pending [Conformance]",
  ({ api, namespace }) =>
    succeeds(api, namespace, { succeededIndexes: "0" }, onlyFirst, { completedIndexes: "0", succeeded: 1 }),
)

conformance(
  "[sig-apps] Job with successPolicy succeededCount rule should succeeded even when some indexes remain pending [Conformance]",
  ({ api, namespace }) =>
    succeeds(api, namespace, { succeededCount: 1 }, onlyFirst, { completedIndexes: "0", succeeded: 1 }),
)

conformance(
  "[sig-apps] Job should apply changes to a job status [Conformance]",
  async ({ api, namespace }) => {
    const { path, listPods } = await create(api, namespace, { ...resilient, template: unending() })
    await hasRunning(listPods, 2)
    const custom = { type: "CustomConditionType", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }
    const patched = await api.patch(`${path}/status`, {
      metadata: { annotations: { patchedstatus: "true" } },
      status: { conditions: [custom] },
    })
    expect(patched["metadata"].annotations.patchedstatus).toBe("true")
    expect(patched["status"].conditions).toMatchObject([custom])
    const later = "2026-01-02T00:00:00Z"
    const updated = await change(api, `${path}/status`, ({ status }) => {
      status.conditions.find(({ type }: Json) => type === custom.type).lastTransitionTime = later
    })
    expect(updated["status"].conditions[0].lastTransitionTime).toBe(later)
    expect((await api.get(`${path}/status`))["status"].conditions[0].lastTransitionTime).toBe(later)
  },
)

conformance(
  "[sig-apps] Job should manage the lifecycle of a job [Conformance]",
  async ({ api, namespace }) => {
    const own = { "e2e-job": namespace }
    const selecting = { labelSelector: `e2e-job=${namespace}` }
    const spec = { ...resilient, suspend: true, template: ending() }
    const { path, collection, listPods } = await create(api, namespace, spec, { labels: own })
    const patched = await api.patch(path, { metadata: { labels: { patched: "true" } } })
    expect(patched["metadata"].labels.patched).toBe("true")
    const updated = await change(api, path, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, updated: "true" }
    })
    expect(updated["metadata"].annotations.updated).toBe("true")
    expect(
      (await findCondition(api, path, "Suspended")) ?? (await becomes(api, path, "Suspended")),
    ).toBeTruthy()
    expect(await listPods()).toEqual([])
    expect((await api.get("/apis/batch/v1/jobs", selecting))["items"]).toHaveLength(1)
    await api.delete(collection, { query: selecting })
    await gone(api, path)
  },
)
