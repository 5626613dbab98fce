import { expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { startTestCluster } from "../testing/test-cluster.ts"
import { createTtlController, nextStep } from "./ttl.ts"

it("tells nodes how long they may wait", async () => {
  const cluster = await startTestCluster([createTtlController()])
  const ttlOf = async (name: string) =>
    (await cluster.client.get(Node, { name })).metadata.annotations?.["node.alpha.kubernetes.io/ttl"]
  for (let index = 0; index < 101; index++)
    await cluster.client.create(Node, { metadata: { name: `node-${index}` } })
  await cluster.advance(100)
  expect(await ttlOf("node-100")).toBe("15")
  for (let index = 0; index < 12; index++) await cluster.client.delete(Node, { name: `node-${index}` })
  await cluster.edit(Node, { name: "node-100" }, ({ metadata }) => (metadata.labels = { a: "b" }))
  await cluster.advance(100)
  expect(await ttlOf("node-100")).toBe("0")
  await cluster.stop()
})

it("changes its mind late, in both directions", () => {
  expect(nextStep(0, 100)).toBe(0)
  expect(nextStep(0, 101)).toBe(1)
  expect(nextStep(1, 90)).toBe(1)
  expect(nextStep(1, 89)).toBe(0)
  expect(nextStep(0, 5000)).toBe(4)
})
