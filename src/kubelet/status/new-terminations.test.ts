import { expect, it } from "vitest"
import type { PodStatus } from "../../api/core/v1/pod.ts"
import { newTerminations } from "./new-terminations.ts"

const terminated = (exitCode: number, reason: string) => ({ terminated: { exitCode, reason } })
const statusOf = (lists: object) => lists as PodStatus

it("tells each container's termination once, with its type, exit code and reason", () => {
  const running = statusOf({ containerStatuses: [{ name: "a", state: { running: {} } }] })
  const ended = statusOf({
    initContainerStatuses: [{ name: "i", state: terminated(0, "Completed") }],
    containerStatuses: [{ name: "a", state: terminated(139, "Error") }],
    ephemeralContainerStatuses: [{ name: "e", state: terminated(1, "Error") }],
  })
  expect(newTerminations({}, running)).toEqual([])
  expect(newTerminations(running, ended)).toEqual([
    ["init_container", "0", "Completed"],
    ["container", "139", "Error"],
    ["ephemeral_container", "1", "Error"],
  ])
  expect(newTerminations(ended, ended)).toEqual([])
  expect(newTerminations(ended, running)).toEqual([])
})
