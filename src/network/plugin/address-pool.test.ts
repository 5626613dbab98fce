import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseNetwork } from "../../base/ip-address.ts"
import { AddressPool } from "./address-pool.ts"

const pool = (cidr: string) => new AddressPool(parseNetwork(cidr)!)

describe("AddressPool", () => {
  it("keeps the first address for the gateway and hands out the rest in turn", () => {
    const addresses = pool("10.244.0.0/24")
    expect(addresses.gateway).toBe("10.244.0.1")
    expect(addresses.allocate()).toBe("10.244.0.2")
    expect(addresses.allocate()).toBe("10.244.0.3")
    addresses.release("10.244.0.2")
    expect(addresses.allocate()).toBe("10.244.0.4")
  })

  it("wraps around to addresses that were given back and says when none is left", () => {
    const addresses = pool("10.0.0.0/29")
    const given = Array.from({ length: 5 }, () => addresses.allocate())
    expect(given).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"])
    expect(() => addresses.allocate()).toThrow("no free address: all 5 of 10.0.0.0 are taken")
    addresses.release("10.0.0.3")
    expect(addresses.allocate()).toBe("10.0.0.3")
  })

  it("continues after the highest address of an earlier life", () => {
    const addresses = pool("10.244.7.0/24")
    expect(addresses.reserve("10.244.7.40")).toBe(true)
    expect(addresses.reserve("10.244.7.40")).toBe(false)
    expect(addresses.reserve("10.244.8.1")).toBe(false)
    expect(addresses.allocate()).toBe("10.244.7.41")
  })

  it("serves IPv6", () => {
    const addresses = pool("fd00:10:244::/64")
    expect(addresses.gateway).toBe("fd00:10:244::1")
    expect(addresses.allocate()).toBe("fd00:10:244::2")
  })

  it("never gives an address that somebody holds", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (steps) => {
        const addresses = pool("10.0.0.0/28")
        const held: string[] = []
        for (const step of steps) {
          if (step < 8 && held.length > 0) addresses.release(held.splice(step % held.length, 1)[0]!)
          else if (held.length < 13) {
            const address = addresses.allocate()
            expect(held).not.toContain(address)
            held.push(address)
          }
        }
        expect(addresses.takenCount).toBe(held.length)
      }),
    )
  })
})
