import { expect, it, vi } from "vitest"
import { realClock } from "../../base/real/clock.ts"
import { createMemoryStore } from "../../etcd/memory/memory-store.ts"
import { answerOf } from "../raw-request.ts"
import { startTestServer } from "../testing.ts"
import { ownHealthChecks } from "./own-health-checks.ts"
import { hooksOfStep, StartState, type StartStep } from "./start-steps.ts"

it("is asked by upstream's names, each of which is said to be well once the server has started", async () => {
  const server = await startTestServer({ registersApiServices: true })
  const said = await vi.waitFor(
    async () => {
      const answer = await answerOf(server.server, { method: "GET", path: "/readyz?verbose" })
      expect(answer.status).toBe(200)
      return answer
    },
    { timeout: 10_000 },
  )
  for (const name of [
    "ping",
    "informer-sync",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/storage-readiness",
    "poststarthook/apiservice-registration-controller",
    "autoregister-completion",
  ])
    expect(said.text).toContain(`[+]${name} ok\n`)
  await server.stop()
})

it("fails for each step until it has come to its end", async () => {
  const state = new StartState()
  const checks = ownHealthChecks(createMemoryStore({ clock: realClock }), new AbortController().signal, state)
  const failing = async () => {
    const names: string[] = []
    for (const each of checks)
      try {
        await each.check()
      } catch {
        names.push(each.name)
      }
    return names
  }
  expect(await failing()).toContain("informer-sync")
  for (const step of Object.keys(hooksOfStep) as StartStep[]) {
    expect(await failing()).toContain(`poststarthook/${hooksOfStep[step][0]}`)
    state.finish(step)
  }
  expect(await failing()).toEqual(["autoregister-completion"])
  state.isRegistered = true
  expect(await failing()).toEqual([])
})
