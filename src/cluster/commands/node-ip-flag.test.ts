import { describe, expect, it } from "vitest"
import { parseNodeIps } from "./node-ip-flag.ts"

describe("--node-ip", () => {
  it("takes addresses of the machine, one of each family, however they are spelled", () => {
    expect(parseNodeIps(undefined)).toBeUndefined()
    expect(parseNodeIps("127.0.0.1")).toEqual(["127.0.0.1"])
  })

  it("refuses everything else by name", () => {
    for (const [text, reason] of [
      ["here", "here is no address"],
      ["", "expected an address, or one of each family"],
      ["127.0.0.1,127.0.0.2", "expected an address, or one of each family"],
      ["192.0.2.99", `node IP: "192.0.2.99" not found in the host's network interfaces`],
    ] as const)
      expect(() => parseNodeIps(text), text).toThrow(reason)
  })
})
