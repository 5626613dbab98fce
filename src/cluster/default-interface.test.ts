import { describe, expect, it } from "vitest"
import { defaultInterfaceOf } from "./default-interface.ts"

const nowhere = "0".repeat(32)
const ipv6Line = (destination: string, length: string, metric: string, flags: string, name: string) =>
  `${destination} ${length} ${nowhere} 00 ${nowhere} ${metric} 00000003 00000000 ${flags} ${name.padStart(8)}`

describe("defaultInterfaceOf", () => {
  it("is the one with the cheapest way to everywhere", () => {
    const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
`
    expect(defaultInterfaceOf(text, 4)).toBe("eth1")
    expect(defaultInterfaceOf("", 4)).toBeUndefined()
  })

  it("is no way that rejects", () => {
    const prefix = `fd${nowhere.slice(2)}`
    const rejecting = ipv6Line(nowhere, "00", "ffffffff", "00200200", "lo")
    const way = ipv6Line(nowhere, "00", "00000400", "00000003", "eth0")
    expect(
      defaultInterfaceOf([ipv6Line(prefix, "40", "00000100", "00000001", "br0"), rejecting].join("\n"), 6),
    ).toBe(undefined)
    expect(defaultInterfaceOf([rejecting, way].join("\n"), 6)).toBe("eth0")
  })
})
