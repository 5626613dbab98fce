import { expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { ContainerRole } from "./pod-containers.ts"
import { restartsAll, shouldRestart } from "./restart-policy.ts"

const container = (role: ContainerRole, spec: Partial<Container> = {}) => ({
  role,
  spec: { name: "c", ...spec } as Container,
})

it.each([
  ["main", "Always", 0, true],
  ["main", "OnFailure", 0, false],
  ["main", "OnFailure", 1, true],
  ["main", "Never", 1, false],
  ["init", "Always", 0, false],
  ["init", "Always", 1, true],
  ["init", "Never", 1, false],
  ["sidecar", "Never", 0, true],
  ["ephemeral", "Always", 1, false],
] as const)("a %s container with %s that ended with %i: %s", (role, policy, exitCode, restarts) => {
  expect(shouldRestart(container(role), policy, exitCode)).toBe(restarts)
})

it("lets a container's own policy and rules decide first", () => {
  expect(shouldRestart(container("main", { restartPolicy: "Never" }), "Always", 1)).toBe(false)
  const restartPolicyRules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }]
  const ruled = container("main", { restartPolicy: "Never", restartPolicyRules })
  expect(shouldRestart(ruled, "Always", 42)).toBe(true)
  expect(shouldRestart(ruled, "Always", 1)).toBe(false)
})

it("lets the first rule that fits say whether it begins anew alone or with all", () => {
  const rule = (action: string, ...values: number[]) => ({ action, exitCodes: { operator: "In", values } })
  const { spec } = container("main", {
    restartPolicy: "Never",
    restartPolicyRules: [rule("Restart", 1), rule("RestartAllContainers", 1, 2)],
  })
  expect([1, 2, 3].map((exitCode) => restartsAll(spec, exitCode))).toEqual([false, true, false])
  expect(shouldRestart({ role: "main", spec }, "Never", 2)).toBe(true)
})
