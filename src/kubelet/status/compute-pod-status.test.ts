import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { becomeTerminating, createPodState } from "../pods/become.ts"
import { noRuntimePod, type RuntimeContainer } from "../pods/runtime-pod.ts"
import { computePodStatus } from "./compute-pod-status.ts"

const pod = {
  metadata: { name: "web", namespace: "default", uid: "1" },
  spec: { restartPolicy: "Never", containers: [{ name: "main", image: "web:1" }] },
  status: { phase: "Running" },
} as unknown as Pod

const container = (state: RuntimeContainer["state"]): RuntimeContainer => ({
  id: "c1",
  name: "main",
  sandboxId: "s1",
  attempt: 0,
  state,
  createdAtMs: 1,
  startedAtMs: 1,
  finishedAtMs: state === "exited" ? 2 : 0,
  exitCode: 0,
  reason: state === "exited" ? "Completed" : "",
  message: "",
  image: "web:1",
  imageRef: "",
  specHash: "",
  logPath: "",
  resources: {},
})

it("of a pod whose time is over is Failed, even if its containers end well before its sandbox does", () => {
  const cause = { kind: "evicted", reason: "DeadlineExceeded", message: "too long" } as const
  const view = { hostIps: [], runtimeName: "containerd" }
  const stateWith = (state: RuntimeContainer["state"]) => {
    const running = createPodState(pod, { ...noRuntimePod, containers: [container(state)] }, 0)
    return computePodStatus(becomeTerminating(running, cause, 3), view, 4)
  }
  expect(stateWith("running")).toMatchObject({ phase: "Running" })
  expect(stateWith("exited")).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" })
})

it("tells what the pod as a whole was given", () => {
  const view = { hostIps: [], runtimeName: "containerd" }
  const statusOf = (spec: object) =>
    computePodStatus(createPodState({ ...pod, spec: { ...pod.spec, ...spec } }, noRuntimePod, 0), view, 1)
  expect(statusOf({})).toMatchObject({ resources: {} })
  expect(statusOf({}).allocatedResources).toBeUndefined()
  const requests = { cpu: "500m", memory: "64Mi" }
  const twice = ["a", "b"].map((name) => ({ name, image: "web:1", resources: { requests } }))
  expect(statusOf({ containers: twice })).toMatchObject({
    allocatedResources: { cpu: "1", memory: "128Mi" },
    resources: { requests: { cpu: "1", memory: "128Mi" } },
  })
  expect(statusOf({ containers: twice, resources: { requests, limits: { cpu: "2" } } })).toMatchObject({
    allocatedResources: requests,
    resources: { requests, limits: { cpu: "2" } },
  })
})

it("leaves containers waiting whose turn never came, and takes those for failed that may have run", () => {
  const view = { hostIps: [], runtimeName: "containerd" }
  const known = (name: string, state: object) => ({ name, state, lastState: {}, restartCount: 0 })
  const waiting = { waiting: { reason: "PodInitializing" } }
  const init = ["first", "second", "third"].map((name) => ({ name, image: "web:1" }))
  const statesWith = (second: object, main: object) => {
    const initContainerStatuses = [known("first", waiting), known("second", second), known("third", waiting)]
    const status = { ...pod.status, initContainerStatuses, containerStatuses: [known("main", main)] }
    const ended = {
      ...createPodState(
        { ...pod, spec: { ...pod.spec, initContainers: init }, status } as never,
        noRuntimePod,
        0,
      ),
      stage: { kind: "finished", cause: { kind: "completed" }, deleting: false } as const,
    }
    const { initContainerStatuses: after = [], containerStatuses = [] } = computePodStatus(ended, view, 1)
    return [...after, ...containerStatuses].map(
      ({ state }) => state.terminated?.reason ?? state.waiting?.reason,
    )
  }
  const failed = { terminated: { exitCode: 1, reason: "Error" } }
  const unknown = "ContainerStatusUnknown"
  expect(statesWith(failed, waiting)).toEqual([unknown, "Error", "PodInitializing", "PodInitializing"])
  expect(statesWith(waiting, waiting)).toEqual([unknown, ...Array(3).fill("PodInitializing")])
  expect(statesWith(waiting, { running: {} })).toEqual([
    unknown,
    "PodInitializing",
    "PodInitializing",
    unknown,
  ])
})
