import { expect, test } from "vitest"
import { complete } from "../testing.ts"
import { generateSelector } from "./prepare-job.ts"
import { Job } from "./v1/job.ts"

const own = {
  "batch.kubernetes.io/controller-uid": "u",
  "batch.kubernetes.io/job-name": "j",
  "controller-uid": "u",
  "job-name": "j",
}

test.each<[string, object, object | undefined, object, object]>([
  ["labels of the template are the Job's, also those made for it", {}, { a: "b" }, { a: "b", ...own }, own],
  ["labels of its own stay alone", { labels: { a: "b" } }, { a: "b" }, { a: "b" }, own],
  ["without any, those made for it are the Job's", {}, undefined, own, own],
])("%s", (_, metadata, labels, ofJob, ofTemplate) => {
  const spec = { template: { metadata: { labels }, spec: {} } }
  const job = complete(Job, { metadata: { name: "j", uid: "u", ...metadata }, spec })
  generateSelector(job)
  expect(job.metadata.labels).toEqual(ofJob)
  expect(job.spec.template.metadata?.labels).toEqual({ ...labels, ...ofTemplate })
})

test("selectors made by hand leave labels alone", () => {
  const spec = { manualSelector: true, template: { metadata: { labels: { a: "b" } }, spec: {} } }
  const job = complete(Job, { metadata: { name: "j", uid: "u" }, spec })
  generateSelector(job)
  expect([job.metadata.labels, job.spec.template.metadata?.labels]).toEqual([{ a: "b" }, { a: "b" }])
})
