import * as fc from "fast-check"
import { isIP } from "node:net"
import { describe, expect, it } from "vitest"
import { formatIp, formatNetwork, networkHas, networkIncludes, parseIp, parseNetwork } from "./ip-address.ts"

describe("IP addresses", () => {
  it("reads and writes the canonical form", () => {
    for (const [text, canonical] of [
      ["10.244.0.5", "10.244.0.5"],
      ["0.0.0.0", "0.0.0.0"],
      ["255.255.255.255", "255.255.255.255"],
      ["::", "::"],
      ["::1", "::1"],
      ["FD00:0:0:1::5", "fd00:0:0:1::5"],
      ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
      ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
      ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ])
      expect(formatIp(parseIp(text!)!)).toBe(canonical)
  })

  it("refuses what is no address", () => {
    for (const text of [
      "",
      "10.0.0",
      "10.0.0.256",
      "010.0.0.1",
      "1.2.3.4.5",
      ":::",
      "1::2::3",
      "12345::",
      "fe80::1%lo",
    ])
      expect(parseIp(text)).toBeUndefined()
  })

  it("agrees with the platform about what an address is, and survives the round trip", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const ip = parseIp(text)
        expect(isIP(text)).toBe(ip?.family)
        expect(parseIp(formatIp(ip!))).toEqual(ip)
      }),
    )
  })

  it("knows which network holds what", () => {
    const network = parseNetwork("10.244.3.7/16")!
    expect(formatNetwork(network)).toBe("10.244.0.0/16")
    expect(networkHas(network, parseIp("10.244.255.255")!)).toBe(true)
    expect(networkHas(network, parseIp("10.245.0.0")!)).toBe(false)
    expect(networkHas(network, parseIp("fd00::")!)).toBe(false)
    expect(networkIncludes(network, parseNetwork("10.244.128.0/17")!)).toBe(true)
    expect(networkIncludes(network, parseNetwork("10.0.0.0/8")!)).toBe(false)
    for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "x/8"])
      expect(parseNetwork(text)).toBeUndefined()
  })
})
