import { expect, it } from "vitest"
import { Job } from "../../api/batch/v1/job.ts"
import { formatMetrics } from "../../base/metrics.ts"
import { simulateNodes } from "../testing/simulated-nodes.ts"
import { startTestCluster } from "../testing/test-cluster.ts"
import { JobMetrics } from "./job-metrics.ts"
import { createJobController } from "./job.ts"

it("Jobs, their pods and looks at them are counted", async () => {
  const metrics = new JobMetrics()
  const cluster = await startTestCluster([createJobController(metrics)])
  const nodes = simulateNodes(cluster)
  nodes.outcome = ({ metadata }) => ({ phase: metadata.name.startsWith("bad") ? "Failed" : "Succeeded" })
  const template = {
    spec: { restartPolicy: "Never" as const, containers: [{ name: "work", image: "work" }] },
  }
  const create = (name: string, spec: object) =>
    cluster.client.create(Job, { metadata: { namespace: "default", name }, spec: { template, ...spec } })
  await create("good", { completions: 2, parallelism: 2 })
  await create("bad", { backoffLimit: 0 })
  await create("indexed", { completions: 3, parallelism: 3, completionMode: "Indexed" })
  await create("other", { managedBy: "example.com/manager" })
  await cluster.advance(60_000)
  const text = formatMetrics(metrics.all)
  await cluster.stop()
  for (const line of [
    'job_controller_jobs_finished_total{completion_mode="NonIndexed",result="succeeded",reason="CompletionsReached"} 1',
    'job_controller_jobs_finished_total{completion_mode="NonIndexed",result="failed",reason="BackoffLimitExceeded"} 1',
    'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="succeeded"} 2',
    'job_controller_job_pods_finished_total{completion_mode="NonIndexed",result="failed"} 1',
    'job_controller_job_pods_finished_total{completion_mode="Indexed",result="succeeded"} 3',
    'job_controller_job_finished_indexes_total{status="succeeded",backoffLimit="global"} 3',
    'job_controller_job_pods_creation_total{reason="new",status="succeeded"} 6',
    'job_controller_terminated_pods_tracking_finalizer_total{event="add"} 6',
    'job_controller_terminated_pods_tracking_finalizer_total{event="delete"} 6',
    'job_controller_jobs_by_external_controller_total{controller_name="example.com/manager"} 1',
  ])
    expect(text).toContain(`${line}\n`)
  expect(text).toMatch(
    /job_syncs_total\{completion_mode="Indexed",result="success",action="pods_created"\} 1\n/,
  )
})
