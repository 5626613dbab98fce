import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { builtInResources } from "../../api/index.ts"
import { Deployment } from "../../api/apps/v1/deployment.ts"
import { HorizontalPodAutoscaler } from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { noSuchPath } from "../../apimachinery/status-errors.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { ApiRequest, Transport } from "../../client/transport.ts"
import { deploymentController } from "../deployment/deployment.ts"
import { replicaSetController } from "../replicaset/replicaset.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createHorizontalPodAutoscalerController } from "./horizontal-pod-autoscaler.ts"
import { HorizontalPodAutoscalerMetrics } from "./horizontal-pod-autoscaler-metrics.ts"
import { formatMetrics } from "../../base/metrics.ts"

let cluster: TestCluster
/** Milli-CPUs that every pod uses; undefined: nobody measures. */
let cpu: number | undefined
/** What other APIs of metrics answer, by path. */
let answers: Record<string, unknown>
let metrics: HorizontalPodAutoscalerMetrics

beforeEach(async () => {
  cpu = undefined
  answers = {}
  metrics = new HorizontalPodAutoscalerMetrics()
  cluster = await startTestCluster(({ transport }) => [
    deploymentController,
    replicaSetController,
    createHorizontalPodAutoscalerController({
      discover: () => Promise.resolve({ resources: builtInResources, stale: [] }),
      transport: { ...transport, request: (request) => answer(transport, request) },
      metrics,
    }),
  ])
  simulateNodes(cluster)
})
afterEach(() => cluster.stop())

async function answer(transport: Transport, request: ApiRequest) {
  if (!/^\/apis\/[a-z]*\.?metrics\.k8s\.io\//.test(request.path)) return transport.request(request)
  const known = answers[request.path]
  if (known) return { status: 200, body: known }
  if (!request.path.startsWith("/apis/metrics.k8s.io/") || cpu === undefined) throw noSuchPath()
  const { items } = await cluster.client.list(Pod, { namespace: "default", ...request.query })
  const timestamp = formatTime(cluster.clock.now())
  const usage = { cpu: `${cpu}m`, memory: "64Mi" }
  return {
    status: 200,
    body: {
      items: items.map(({ metadata: { name } }) => ({
        metadata: { name },
        timestamp,
        window: "15s",
        containers: [{ name: "web", usage }],
      })),
    },
  }
}

const key = { namespace: "default", name: "web" }
const labels = { app: "web" }

async function createWeb(replicas: number, metrics?: unknown[], more: object = {}): Promise<void> {
  const container = { name: "web", image: "web:1", resources: { requests: { cpu: "100m" } } }
  const template = { metadata: { labels }, spec: { containers: [container] } }
  const spec = { replicas, selector: { matchLabels: labels }, template }
  await cluster.client.create(Deployment, { metadata: key, spec })
  // Past the time in which a pod's CPU does not count.
  await cluster.advance(6 * 60_000)
  await createAutoscaler("web", { ...(metrics && { metrics }), ...more })
}

async function createAutoscaler(name: string, more: object = {}): Promise<void> {
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" }
  await cluster.client.create(HorizontalPodAutoscaler, {
    metadata: { namespace: "default", name },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 10, ...more },
  })
  await cluster.advance(1000)
}

async function replicas(): Promise<number | undefined> {
  return (await cluster.client.get(Deployment, key)).spec.replicas
}

async function conditions(name = "web"): Promise<string[]> {
  const { status } = await cluster.client.get(HorizontalPodAutoscaler, { namespace: "default", name })
  return (status.conditions ?? []).map((each) => `${each.type}=${each.status} ${each.reason}`)
}

describe("HorizontalPodAutoscaler controller", () => {
  it("counts what it did, and what kept it from knowing", async () => {
    cpu = 160
    await createWeb(2)
    await cluster.advance(31_000)
    const lines = () => formatMetrics(metrics.all).split("\n")
    const prefix = "horizontal_pod_autoscaler_controller"
    const value = (series: string) =>
      Number(
        lines()
          .find((line) => line.startsWith(`${prefix}_${series} `))
          ?.split(" ")[1],
      )
    expect(value('reconciliations_total{action="scale_up",error="none"}')).toBeGreaterThan(0)
    expect(
      value('metric_computation_total{action="scale_up",error="none",metric_type="Resource"}'),
    ).toBeGreaterThan(0)
    expect(value("num_horizontal_pod_autoscalers")).toBe(1)
    expect(value('desired_replicas{namespace="default",hpa_name="web"}')).toBe(await replicas())
    const fine = value('reconciliation_duration_seconds_count{action="none",error="internal"}')
    expect(fine).toBeNaN()
    cpu = undefined
    await cluster.advance(16_000)
    expect(value('reconciliations_total{action="none",error="internal"}')).toBeGreaterThan(0)
    expect(
      value('metric_computation_total{action="none",error="internal",metric_type="Resource"}'),
    ).toBeGreaterThan(0)
    await cluster.client.delete(HorizontalPodAutoscaler, key)
    await cluster.advance(16_000)
    expect(value("num_horizontal_pod_autoscalers")).toBe(0)
  })

  it("adds pods when they use too much, and takes them away after five quiet minutes", async () => {
    cpu = 160
    await createWeb(2)
    expect(await replicas()).toBe(4)
    expect(await cluster.events(HorizontalPodAutoscaler)).toEqual([
      "Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target",
    ])
    const { status } = await cluster.client.get(HorizontalPodAutoscaler, key)
    expect(status).toMatchObject({
      currentReplicas: 2,
      desiredReplicas: 4,
      currentMetrics: [
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 160, averageValue: "160m" } },
        },
      ],
    })
    expect(await conditions()).toEqual([
      "AbleToScale=True SucceededRescale",
      "ScalingActive=True ValidMetricFound",
      "ScalingLimited=False DesiredWithinRange",
    ])

    cpu = 20
    await cluster.advance(4 * 60_000)
    expect(await replicas()).toBe(4)
    expect(await conditions()).toContain("AbleToScale=True ScaleDownStabilized")
    await cluster.advance(2 * 60_000)
    expect(await replicas()).toBe(1)
    expect(cluster.errors).toEqual([])
  })

  it("keeps between the least and the most, metrics or not", async () => {
    await createWeb(2, undefined, { minReplicas: 4 })
    expect(await replicas()).toBe(4)
    expect(await cluster.events(HorizontalPodAutoscaler)).toContain(
      "Normal SuccessfulRescale New size: 4; reason: Current number of replicas below Spec.MinReplicas",
    )
    await cluster.edit(HorizontalPodAutoscaler, key, ({ spec }) => {
      spec.minReplicas = 1
      spec.maxReplicas = 2
    })
    await cluster.advance(16_000)
    expect(await replicas()).toBe(2)
  })

  it("says what is missing, and changes nothing", async () => {
    await createWeb(2)
    expect(await replicas()).toBe(2)
    const { status } = await cluster.client.get(HorizontalPodAutoscaler, key)
    expect(status.conditions?.find(({ type }) => type === "ScalingActive")).toMatchObject({
      status: "False",
      reason: "FailedGetResourceMetric",
      message:
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
    })
    expect(await cluster.events(HorizontalPodAutoscaler)).toContain(
      "Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)",
    )
  })

  it("is off while somebody has set the target to nothing", async () => {
    cpu = 100
    await createWeb(0)
    expect(await replicas()).toBe(0)
    expect(await conditions()).toEqual([
      "AbleToScale=True SucceededGetScale",
      "ScalingActive=False ScalingDisabled",
    ])
  })

  it("says so when its target is not there or of a kind that nobody knows", async () => {
    await createAutoscaler("web")
    expect(await conditions()).toEqual(["AbleToScale=False FailedGetScale"])
    expect(await cluster.events(HorizontalPodAutoscaler)).toEqual([
      'Warning FailedGetScale deployments.apps "web" not found',
    ])
    await createAutoscaler("odd", { scaleTargetRef: { apiVersion: "a.example/v1", kind: "Odd", name: "x" } })
    expect(await cluster.events(HorizontalPodAutoscaler)).toContain(
      'Warning FailedGetScale no matches for kind "Odd" in group "a.example"',
    )
  })

  it("two of them on the same pods do nothing but complain", async () => {
    cpu = 300
    await createWeb(2, undefined, { maxReplicas: 2 })
    await createAutoscaler("rival", { maxReplicas: 5 })
    expect(await conditions("rival")).toContain("ScalingActive=False AmbiguousSelector")
    await cluster.advance(15_000)
    expect(await conditions("web")).toContain("ScalingActive=False AmbiguousSelector")
    expect(await replicas()).toBe(2)
    await cluster.client.delete(HorizontalPodAutoscaler, { namespace: "default", name: "rival" })
    await cluster.advance(16_000)
    expect(await conditions("web")).toContain("ScalingActive=True ValidMetricFound")
  })

  it("scales by numbers from elsewhere, each bearing its share", async () => {
    const metric = { name: "queue_length", selector: { matchLabels: { queue: "orders" } } }
    answers["/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue_length"] = {
      items: [{ value: "20" }, { value: "15" }],
    }
    const target = { type: "AverageValue", averageValue: "10" }
    await createWeb(2, [{ type: "External", external: { metric, target } }])
    expect(await replicas()).toBe(4)
    expect(await cluster.events(HorizontalPodAutoscaler)).toEqual([
      "Normal SuccessfulRescale New size: 4; reason: external metric queue_length(&LabelSelector{MatchLabels:map[string]string{queue: orders,},MatchExpressions:[]LabelSelectorRequirement{},}) above target",
    ])
  })

  it("while one of several metrics is unknown it adds, and takes nothing away", async () => {
    cpu = 160
    const target = { type: "AverageValue", averageValue: "10" }
    const known = {
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
    }
    const unknown = { type: "Pods", pods: { metric: { name: "hits" }, target } }
    await createWeb(2, [unknown, known])
    expect(await replicas()).toBe(4)
    expect(await cluster.events(HorizontalPodAutoscaler)).toContain(
      "Warning FailedGetPodsMetric unable to get metric hits: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
    )
    cpu = 10
    await cluster.advance(10 * 60_000)
    expect(await replicas()).toBe(4)
    expect(await conditions()).toContain("ScalingActive=False FailedGetPodsMetric")
  })
})
