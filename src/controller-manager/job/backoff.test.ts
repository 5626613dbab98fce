import { expect, test } from "vitest"
import { Job } from "../../api/batch/v1/job.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { complete } from "../../api/testing.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { JobBackoffs } from "./backoff.ts"
import { trackingFinalizer } from "./job-pods.ts"
import { observe } from "./observe.ts"

const clock = new SimulatedClock()
const indexed = { completionMode: "Indexed" as const, completions: 1, backoffLimitPerIndex: 20 }
const job = complete(Job, {
  metadata: { name: "work", uid: "job" },
  spec: { ...indexed, template: { spec: {} } },
})

/** It failed so many seconds ago, after so many failures of its index. */
function failedPod(uid: string, secondsAgo: number, failures = 0) {
  const creationTimestamp = formatTime(clock.now() - secondsAgo * 1000)
  const annotations = {
    "batch.kubernetes.io/job-completion-index": "0",
    "batch.kubernetes.io/job-index-failure-count": String(failures),
  }
  const metadata = { name: uid, uid, creationTimestamp, annotations, finalizers: [trackingFinalizer] }
  return complete(Pod, { metadata, spec: { containers: [] }, status: { phase: "Failed" } })
}

test.each<[string, readonly Pod[], number]>([
  ["after one failure 10 s", [failedPod("a", 0)], 10],
  ["counted from the failure", [failedPod("a", 4)], 6],
  ["doubled by each", [failedPod("a", 9), failedPod("b", 0, 1)], 20],
  ["for at most 10 min", Array.from({ length: 9 }, (_, at) => failedPod(String(at), 9 - at, at)), 599],
  ["by the failures before, not by the clock", [failedPod("a", -3600), failedPod("b", 0, 1)], 20],
  ["from now, when the failure seems to be in the future", [failedPod("a", -3600)], 10],
])("pauses %s", (_, pods, seconds) => {
  const { dueMs, indexDueMs } = new JobBackoffs().next(observe(job, pods, clock))
  expect(dueMs - clock.monotonic()).toBe(seconds * 1000)
  expect([...indexDueMs.values()].map((ms) => ms - clock.monotonic())).toEqual([seconds * 1000])
})

test("what was remembered does not start over when the clock is set back", async () => {
  const pods = [failedPod("a", 0)]
  const backoffs = new JobBackoffs()
  const before = backoffs.next(observe(job, pods, clock))
  backoffs.remember(job, before)
  clock.jump(-3_600_000)
  await clock.advance(5000)
  expect(backoffs.next(observe(job, pods, clock)).indexDueMs).toEqual(before.indexDueMs)
  backoffs.forget(keyOf(job))
  expect(backoffs.next(observe(job, pods, clock)).indexDueMs).not.toEqual(before.indexDueMs)
})
