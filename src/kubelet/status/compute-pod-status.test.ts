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
