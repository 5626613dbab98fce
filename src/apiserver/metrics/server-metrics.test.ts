import { afterAll, beforeAll, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { answerOf } from "../raw-request.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const maps = "/api/v1/namespaces/default/configmaps"

async function lines(name: string): Promise<string[]> {
  const { text } = await answerOf(server.server, { method: "GET", path: "/metrics" })
  return text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
}

test("requests are told by what they asked for", async () => {
  await answerOf(server.server, {
    method: "POST",
    path: `${maps}?dryRun=All`,
    body: '{"metadata":{"name":"x"}}',
  })
  await answerOf(server.server, { method: "GET", path: `${maps}/none` })
  expect(await lines("apiserver_request_total")).toEqual(
    expect.arrayContaining([
      'apiserver_request_total{verb="POST",dry_run="All",group="",version="v1",resource="configmaps",subresource="",scope="namespace",component="apiserver",code="201"} 1',
      'apiserver_request_total{verb="GET",dry_run="",group="",version="v1",resource="configmaps",subresource="",scope="resource",component="apiserver",code="404"} 1',
    ]),
  )
  expect((await lines("apiserver_request_body_size_bytes_count")).join()).toContain('resource="configmaps"')
})

test("paths, methods and options of somebody's own invention fill no memory", async () => {
  const count = async () => (await lines("apiserver_request_total")).length
  const odd = (index: number) => [
    { method: "GET", path: `/apis/g${index}/v1/things` },
    { method: "GET", path: `/api/v1/namespaces/default/pods/x/s${index}` },
    { method: `BREW${index}`, path: maps },
    { method: "DELETE", path: `${maps}/x?dryRun=${index}` },
  ]
  for (const request of odd(0)) await answerOf(server.server, request)
  const before = await count()
  for (let index = 1; index < 20; index++)
    for (const request of odd(index)) await answerOf(server.server, request)
  expect(await count()).toBe(before)
})

test("what is stored, and what the store took for it", async () => {
  await server.client.create(ConfigMap, { metadata: { namespace: "default", name: "a" } })
  expect(await lines("apiserver_resource_objects")).toContain(
    'apiserver_resource_objects{group="",resource="configmaps"} 1',
  )
  expect((await lines("etcd_request_duration_seconds_count")).join()).toContain(
    'operation="create",group="",resource="configmaps"',
  )
  expect((await lines("apiserver_watch_cache_events_received_total")).join()).toContain(
    '{group="",resource="configmaps"} 1',
  )
})

test("watches are told while they are open", async () => {
  const open = async () =>
    (await lines("apiserver_longrunning_requests")).find((line) => line.includes("configmaps"))
  const stop = new AbortController()
  const events = await server.client.watch(ConfigMap, { signal: stop.signal })
  for await (const _ of events) {
    expect(await open()).toMatch(/verb="WATCH".* 1$/)
    break
  }
  stop.abort()
  expect(await open()).toMatch(/ 0$/)
})

test("who came, whether they might, and how much at once", async () => {
  expect((await lines("authorization_attempts_total")).join()).toMatch(/result="allowed"} \d+/)
  expect(await lines("apiserver_flowcontrol_dispatched_requests_total")).not.toEqual([])
  expect((await lines("apiserver_flowcontrol_nominal_limit_seats")).join()).toContain(
    'priority_level="global-default"',
  )
})

test("what is read has a size, and time of the server's own", async () => {
  await server.client.create(ConfigMap, { metadata: { namespace: "default", name: "sized" } })
  const answer = await answerOf(server.server, { method: "GET", path: `${maps}/sized` })
  const labels =
    '{verb="GET",group="",version="v1",resource="configmaps",subresource="",scope="resource",component="apiserver"}'
  const sizes = await lines("apiserver_response_sizes_sum")
  expect(sizes).toContain(`apiserver_response_sizes_sum${labels} ${answer.text.length}`)
  await answerOf(server.server, {
    method: "POST",
    path: `${maps}?dryRun=All`,
    body: '{"metadata":{"name":"z"}}',
  })
  const own = (await lines("apiserver_request_sli_duration_seconds_count")).join("\n")
  expect(own).toContain(labels)
  expect(own).not.toContain("dry_run")
})

test("watches that begin with what there is are timed until they have told it", async () => {
  const path = `/api/v1/secrets?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1`
  await answerOf(server.server, { method: "GET", path })
  await answerOf(server.server, { method: "GET", path: "/api/v1/secrets?watch=true&timeoutSeconds=1" })
  expect(await lines("apiserver_watch_list_duration_seconds_count")).toEqual([
    'apiserver_watch_list_duration_seconds_count{group="",version="v1",resource="secrets",scope="cluster"} 1',
  ])
})
