import { afterEach, beforeEach, expect, test } from "vitest"
import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

/** The condition of a schema, as soon as it is what is expected. */
async function told(name: string, status: string): Promise<string> {
  const options = { fieldSelector: `metadata.name=${name}` }
  for await (const { object } of await server.client.watch(FlowSchema, options)) {
    const condition = object.status.conditions?.find(({ type }) => type === "Dangling")
    if (condition?.status === status) return `${condition.reason}: ${condition.message}`
  }
  return "the watch ended"
}

test("a schema says whether its level is there, as long as it is", async () => {
  const about = 'This FlowSchema references the PriorityLevelConfiguration object named "own"'
  await server.client.create(FlowSchema, {
    metadata: { name: "mine" },
    spec: { priorityLevelConfiguration: { name: "own" }, matchingPrecedence: 5 },
  })
  expect(await told("mine", "True")).toBe(`NotFound: ${about} but there is no such object`)
  await server.client.create(PriorityLevelConfiguration, {
    metadata: { name: "own" },
    spec: {
      type: "Limited",
      limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } },
    },
  })
  expect(await told("mine", "False")).toBe(`Found: ${about} and it exists`)
  await server.client.delete(PriorityLevelConfiguration, { name: "own" })
  expect(await told("mine", "True")).toContain("no such object")
  expect(await told("catch-all", "False")).toContain("and it exists")
})
