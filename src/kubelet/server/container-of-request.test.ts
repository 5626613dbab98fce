import { expect, it } from "vitest"
import type { PodWorker } from "../pods/pod-worker.ts"
import { loggedContainerOf } from "./container-of-request.ts"

const ended = (id: string) => ({ terminated: { exitCode: 0, containerID: `containerd://${id}` } })

function worker(status: object, containers: readonly object[] = []): PodWorker {
  const pod = {
    metadata: { name: "p" },
    spec: { containers: [{ name: "c" }] },
    status: { containerStatuses: [{ name: "c", state: {}, lastState: {}, ...status }] },
  }
  return { state: { pod, containers: {}, runtime: { containers } } } as unknown as PodWorker
}

const logOf = (of: PodWorker, previous = false) => {
  try {
    return loggedContainerOf(of, "c", previous).id
  } catch (error) {
    const { status, message } = error as { status: number; message: string }
    return `${status} ${message}`
  }
}

it("says of a container that nothing is left of it, where it has run", () => {
  expect(logOf(worker({ state: ended("gone") }))).toBe(
    "200 unable to retrieve container logs for containerd://gone",
  )
  expect(logOf(worker({ state: { waiting: {} }, lastState: ended("gone") }))).toBe(
    "200 unable to retrieve container logs for containerd://gone",
  )
  expect(logOf(worker({ state: { waiting: {} } }))).toBe(
    '400 container "c" in pod "p" is waiting to start: ContainerCreating',
  )
})

it("says so of the container before", () => {
  const now = [{ id: "new", name: "c", state: "running" }]
  expect(logOf(worker({ lastState: ended("old") }, now))).toBe("new")
  expect(logOf(worker({ lastState: ended("old") }, now), true)).toBe(
    "200 unable to retrieve container logs for containerd://old",
  )
  expect(logOf(worker({}, now), true)).toBe('400 previous terminated container "c" in pod "p" not found')
})
