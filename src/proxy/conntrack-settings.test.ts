import { expect, test } from "vitest"
import { planConntrackSettings } from "./conntrack-settings.ts"

test("only what is asked for is set", () => {
  expect(planConntrackSettings({}, 4)).toEqual({})
  expect(planConntrackSettings({ maxPerCore: 0, min: 1000, udpTimeout: "0s" }, 4)).toEqual({})
})

test("the table grows with the cores, and is never smaller than the least", () => {
  expect(planConntrackSettings({ maxPerCore: 1000, min: 100 }, 4)).toEqual({ nf_conntrack_max: 4000 })
  expect(planConntrackSettings({ maxPerCore: 1000, min: 10_000 }, 4)).toEqual({ nf_conntrack_max: 10_000 })
})

test("times are whole seconds", () => {
  const settings = { tcpEstablishedTimeout: "24h0m0s", udpStreamTimeout: "1m30s", tcpBeLiberal: true }
  expect(planConntrackSettings(settings, 1)).toEqual({
    nf_conntrack_tcp_timeout_established: 86_400,
    nf_conntrack_udp_timeout_stream: 90,
    nf_conntrack_tcp_be_liberal: 1,
  })
})
