import { expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { answerOf } from "../raw-request.ts"
import { neverAborts, noBody } from "../http/request.ts"
import { startTestServer } from "../testing.ts"

test("a server that stops sends newcomers away, and its watches end", async () => {
  const { server, client, stop } = await startTestServer()
  const watched = (async () => {
    let events = 0
    for await (const _ of await client.watch(ConfigMap)) events++
    return events
  })()
  await answerOf(server, { method: "GET", path: "/version" })
  await stop()
  expect(await watched).toBe(0)
  const newcomer = (path: string) =>
    server.handle({
      method: "GET",
      path,
      query: new URLSearchParams(),
      headers: {},
      body: noBody,
      signal: neverAborts,
    })
  expect(await newcomer("/api/v1/pods")).toMatchObject({ status: 429, headers: { "retry-after": "5" } })
  expect(await newcomer("/readyz")).toMatchObject({ status: 500 })
  expect(await newcomer("/livez/ping")).toMatchObject({ status: 200 })
})
