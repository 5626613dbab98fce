import { afterEach, beforeEach, expect, test } from "vitest"
import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { ensureFlowControl } from "./ensure-flow-control.ts"

const annotation = "apf.kubernetes.io/autoupdate-spec"

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

/** Changes how many seats the level has, and perhaps whose it is. */
async function change(nominalConcurrencyShares: number, autoUpdate?: string): Promise<void> {
  const annotations = autoUpdate === undefined ? {} : { [annotation]: autoUpdate }
  const body = { metadata: { annotations }, spec: { limited: { nominalConcurrencyShares } } }
  await server.client.patch(PriorityLevelConfiguration, { name: "workload-low" }, { type: "merge", body })
}

async function level(name = "workload-low") {
  const { metadata, spec } = await server.client.get(PriorityLevelConfiguration, { name })
  const shares = (spec.limited ?? spec.exempt)?.nominalConcurrencyShares
  return [shares, metadata.annotations?.[annotation]]
}

test("what is as it should be is not written", async () => {
  const versions = async () =>
    [
      ...(await server.client.list(PriorityLevelConfiguration)).items,
      ...(await server.client.list(FlowSchema)).items,
    ].map(({ metadata }) => `${metadata.name} ${metadata.generation} ${metadata.managedFields?.length}`)
  const before = await versions()
  expect(before.length).toBeGreaterThan(15)
  const { items } = await server.client.list(PriorityLevelConfiguration)
  await ensureFlowControl(server.client)
  expect(await versions()).toEqual(before)
  expect((await server.client.list(PriorityLevelConfiguration)).items).toEqual(items)
})

test("the cluster's own come back, and their specs", async () => {
  await change(7)
  await server.client.delete(FlowSchema, { name: "catch-all" })
  await server.client.delete(FlowSchema, { name: "service-accounts" })
  await ensureFlowControl(server.client)
  expect(await level()).toEqual([100, "true"])
  for (const name of ["catch-all", "service-accounts"]) {
    expect((await server.client.get(FlowSchema, { name })).metadata.annotations).toEqual({
      [annotation]: "true",
    })
  }
})

test("what people have taken over is left alone", async () => {
  await change(7, "false")
  await ensureFlowControl(server.client)
  expect(await level()).toEqual([7, "false"])
  await change(8, "no truth value")
  await ensureFlowControl(server.client)
  expect(await level()).toEqual([8, "false"])
  await change(9, "T")
  await ensureFlowControl(server.client)
  expect(await level()).toEqual([100, "T"])
})

test("the exempt level may lend, yet its annotation says whose it is", async () => {
  const body = {
    metadata: { annotations: { [annotation]: "false" } },
    spec: { exempt: { nominalConcurrencyShares: 3 } },
  }
  await server.client.patch(PriorityLevelConfiguration, { name: "exempt" }, { type: "merge", body })
  await ensureFlowControl(server.client)
  expect(await level("exempt")).toEqual([3, "true"])
})

test("an object of an earlier release goes, people's own stay", async () => {
  const own = (name: string, annotations: Record<string, string>) =>
    server.client.create(FlowSchema, {
      metadata: { name, annotations },
      spec: { priorityLevelConfiguration: { name: "catch-all" }, matchingPrecedence: 5 },
    })
  await own("old", { [annotation]: "true" })
  await own("kept", { [annotation]: "false" })
  await own("mine", {})
  await ensureFlowControl(server.client)
  const names = (await server.client.list(FlowSchema)).items.map(({ metadata }) => metadata.name)
  expect(names).not.toContain("old")
  expect(names).toEqual(expect.arrayContaining(["kept", "mine"]))
})
