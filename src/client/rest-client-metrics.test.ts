import { expect, it } from "vitest"
import { StatusError } from "../apimachinery/status-error.ts"
import { formatMetrics } from "../base/metrics.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { measuredTransport, RestClientMetrics } from "./rest-client-metrics.ts"
import { ConnectionError, type Transport } from "./transport.ts"

it("counts requests by their answers, and times those that end", async () => {
  const clock = new SimulatedClock()
  const metrics = new RestClientMetrics("10.0.0.1:6443")
  let failure: Error | undefined
  const transport: Transport = {
    async request() {
      await clock.advance(300)
      if (failure) throw failure
      return { status: 201, body: {} }
    },
    watch: async () => (async function* () {})(),
    stream: async () => (async function* () {})(),
  }
  const measured = measuredTransport(transport, metrics, clock)
  await measured.request({ method: "POST", path: "/api/v1/pods" })
  failure = new StatusError("NotFound", "none")
  await expect(measured.request({ method: "GET", path: "/api/v1/pods/a" })).rejects.toBe(failure)
  failure = new ConnectionError("ECONNREFUSED", "nobody")
  await expect(measured.request({ method: "GET", path: "/api/v1/pods/a" })).rejects.toBe(failure)
  await measured.watch({ method: "GET", path: "/api/v1/pods" })
  const text = formatMetrics([metrics])
  for (const line of [
    'rest_client_requests_total{code="201",method="POST",host="10.0.0.1:6443"} 1',
    'rest_client_requests_total{code="404",method="GET",host="10.0.0.1:6443"} 1',
    'rest_client_requests_total{code="<error>",method="GET",host="10.0.0.1:6443"} 1',
    'rest_client_requests_total{code="200",method="GET",host="10.0.0.1:6443"} 1',
    'rest_client_request_duration_seconds_count{verb="GET",host="10.0.0.1:6443"} 2',
    'rest_client_request_duration_seconds_sum{verb="POST",host="10.0.0.1:6443"} 0.3',
  ])
    expect(text).toContain(`${line}\n`)
})
