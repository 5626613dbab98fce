import { expect, test } from "vitest"
import { parseListen } from "./parse-listen.ts"
import { parseUpOptions } from "./up-options.ts"

test.each([
  ["127.0.0.1:6443", { host: "127.0.0.1", port: 6443 }],
  ["[::1]:0", { host: "::1", port: 0 }],
  [":8443", { host: "0.0.0.0", port: 8443 }],
])("%s", (text, expected) => {
  expect(parseListen(text)).toEqual(expected)
})

test.each(["6443", "::1:6443", "host:99999", "host:"])("%s is refused with an example", (text) => {
  expect(() => parseListen(text)).toThrow(
    `--listen ${text}: expected an address and a port, such as 127.0.0.1:6443`,
  )
})

test("leaves open what the machine decides", () => {
  expect(parseUpOptions([])).toMatchObject({
    nodes: undefined,
    simulatedNodes: undefined,
    detach: false,
    store: { etcd: [], mediaType: "application/json", historyMs: 3_600_000 },
  })
  expect(parseUpOptions(["--nodes", "3", "-d"])).toMatchObject({ nodes: 3, detach: true })
  expect(() => parseUpOptions(["--nodes", "-1"])).toThrow("--nodes must not be negative")
  expect(() => parseUpOptions(["now"])).toThrow('unexpected argument "now"')
})
