import { describe, expect, test } from "vitest"
import { findJsonPath } from "./find-json-path.ts"
import { parseJsonPath } from "./parse-json-path.ts"

const object = {
  metadata: { name: "web", annotations: { "example.com/size": "big" } },
  spec: { replicas: 3, ports: [{ name: "http", port: 80 }, { name: "https", port: 443 }, { port: 9 }] },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Synced", status: "False" },
    ],
  },
}

const find = (path: string) => findJsonPath(parseJsonPath(path), object)

describe("paths", () => {
  test.each([
    [".metadata.name", ["web"]],
    ["{.metadata.name}", ["web"]],
    ["$.spec.replicas", [3]],
    [".metadata['name']", ["web"]],
    [".metadata.annotations.example\\.com/size", ["big"]],
    [".metadata.annotations['example.com/size']", ["big"]],
    [".spec.ports[*].port", [80, 443, 9]],
    [".spec.ports[0].name", ["http"]],
    [".spec.ports[-1].port", [9]],
    [".spec.ports[-2:].port", [443, 9]],
    [".spec.ports[0:2].port", [80, 443]],
    [".spec.ports[0,2].port", [80, 9]],
    [".spec.ports[::2].port", [80, 9]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    [".status.conditions[?(@.type=='Synced')].status", ["False"]],
    [".spec.ports[?(@.port>=80)].port", [80, 443]],
    [".spec.ports[?(@.name)].port", [80, 443]],
    ["..port", [80, 443, 9]],
    [".spec['replicas','ports'][0].port", [80]],
    [".nothing.here", []],
    [".spec.ports[7].name", []],
    ["", [object]],
  ])("%s", (path, values) => {
    expect(find(path)).toEqual(values)
  })
})

describe("what is no path", () => {
  test.each([".spec.ports[0", ".spec.ports[x]", "spec"])("%s", (path) => {
    expect(() => find(path)).toThrow()
  })
})
