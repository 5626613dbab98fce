import { expect, test } from "vitest"
import { parseFlags } from "../../base/flags.ts"
import { networkFlags, parseNetworkWishes } from "./network-flags.ts"

const parse = (...argv: string[]) => parseNetworkWishes(parseFlags(argv, networkFlags).values)

test("nothing asked for leaves all open", () => {
  expect(parse()).toEqual({})
})

test("ranges are taken in the order given, without what is beyond their prefix", () => {
  const ranges = [
    "--pod-network-cidr",
    "fd00:1::5/56,10.50.3.0/16",
    "--service-cidr=fd00:2::/112,10.60.0.0/16",
  ]
  expect(parse(...ranges, "--network-backend", "host-gw")).toEqual({
    pods: ["fd00:1::/56", "10.50.0.0/16"],
    services: ["fd00:2::/112", "10.60.0.0/16"],
    backend: "host-gw",
  })
  expect(parse("--ip-families", "IPv4,ipv6")).toEqual({ families: [4, 6] })
})

test.each([
  ["--ip-families IPv4,IPv4", "expected IPv4, IPv6, or both once"],
  ["--ip-families IPv5", "expected IPv4, IPv6, or both once"],
  ["--pod-network-cidr 10.1.0.0", "expected a network, such as 10.244.0.0/16"],
  ["--pod-network-cidr 10.1.0.0/25", "the prefix of an IPv4 range is /1 to /24"],
  ["--pod-network-cidr fd00::/32", "the prefix of an IPv6 range is /48 to /64"],
  ["--service-cidr 10.1.0.0/29", "the prefix of an IPv4 range is /1 to /28"],
  ["--pod-network-cidr 10.1.0.0/16,10.2.0.0/16", "or two CIDRs from each family for dual-stack networking"],
  ["--pod-network-cidr 10.1.0.0/16 --service-cidr fd00::/112", "same families, in the same order"],
  ["--ip-families IPv4,IPv6 --service-cidr 10.1.0.0/16", "same families, in the same order"],
  [
    "--pod-network-cidr 10.0.0.0/8 --service-cidr 10.96.0.0/12",
    "10.0.0.0/8 and --service-cidr 10.96.0.0/12 overlap",
  ],
  ["--network-backend ipip", "there are vxlan and host-gw"],
])("%s is refused: %s", (line, message) => {
  expect(() => parse(...line.split(" "))).toThrow(message)
})
