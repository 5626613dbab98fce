import { describe, expect, it } from "vitest"
import type { Service } from "../../api/core/v1/service.ts"
import type { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { Ingress, IngressSpec } from "../../api/networking/v1/ingress.ts"
import type { IngressClass } from "../../api/networking/v1/ingress-class.ts"
import { findEndpoints } from "./find-endpoints.ts"
import { findBackend, planRoutes } from "./routing-table.ts"
import { controllerName, servedIngresses } from "./served-ingresses.ts"

let age = 0
const ingress = (name: string, spec: IngressSpec, annotations: Record<string, string> = {}): Ingress =>
  ({
    metadata: {
      namespace: "default",
      name,
      creationTimestamp: `2026-01-01T00:00:${String(age++).padStart(2, "0")}Z`,
      annotations,
    },
    spec,
  }) as Ingress
const backend = (name: string) => ({ service: { name, port: { number: 80 } } })
const path = (pathType: "Exact" | "Prefix" | "ImplementationSpecific", text: string, service: string) => ({
  path: text,
  pathType,
  backend: backend(service),
})

const table = planRoutes([
  ingress("hosts", {
    rules: [
      {
        host: "foo.example.com",
        http: {
          paths: [
            path("Prefix", "/", "root"),
            path("Prefix", "/api/", "api"),
            path("Exact", "/api", "api-exact"),
            path("Prefix", "/api/v1", "v1"),
          ],
        },
      },
      { host: "*.example.com", http: { paths: [path("ImplementationSpecific", "/", "wildcard")] } },
      { host: "only.example.com", http: { paths: [path("Exact", "/here", "here")] } },
    ],
  }),
  ingress("younger", {
    rules: [{ host: "foo.example.com", http: { paths: [path("Prefix", "/", "younger")] } }],
  }),
])
const find = (host: string, text: string) => findBackend(table, host, text)?.service

describe("planRoutes", () => {
  it("prefers what is more specific, and older", () => {
    expect(find("foo.example.com", "/")).toBe("root")
    expect(find("foo.example.com", "/other")).toBe("root")
    expect(find("foo.example.com", "/api")).toBe("api-exact")
    expect(find("foo.example.com", "/api/")).toBe("api")
    expect(find("foo.example.com", "/api/x")).toBe("api")
    expect(find("foo.example.com", "/api/v1/x")).toBe("v1")
    expect(find("foo.example.com", "/api/v10")).toBe("api")
    expect(find("foo.example.com", "/apiary")).toBe("root")
  })

  it("knows exact hosts, wildcards of one label, and no others", () => {
    expect(find("bar.example.com", "/x")).toBe("wildcard")
    expect(find("a.b.example.com", "/x")).toBeUndefined()
    expect(find("example.com", "/x")).toBeUndefined()
    expect(find("only.example.com", "/here")).toBe("here")
    expect(find("only.example.com", "/there")).toBeUndefined()
  })

  it("sends what no rule is for to the default backend", () => {
    const withDefault = planRoutes([
      ingress("a", { defaultBackend: backend("fallback") }),
      ingress("b", {
        defaultBackend: backend("own"),
        rules: [{ host: "b", http: { paths: [path("Exact", "/x", "x")] } }],
      }),
    ])
    expect(findBackend(withDefault, "anything", "/")?.service).toBe("fallback")
    expect(findBackend(withDefault, "b", "/y")?.service).toBe("own")
    expect(findBackend(withDefault, "b", "/x")?.service).toBe("x")
  })
})

describe("servedIngresses", () => {
  const ours = { metadata: { name: "ours" }, spec: { controller: controllerName } } as IngressClass
  const others = { metadata: { name: "others" }, spec: { controller: "example.com/other" } } as IngressClass
  const all = [
    ingress("mine", { ingressClassName: "ours" }),
    ingress("legacy", {}, { "kubernetes.io/ingress.class": "ours" }),
    ingress("not mine", { ingressClassName: "others" }),
    ingress("classless", {}),
  ]
  const names = (classes: IngressClass[]) =>
    servedIngresses(all, classes).map(({ metadata }) => metadata.name)

  it("takes those of its classes, and those of none if a class of its own is the default", () => {
    expect(names([ours, others])).toEqual(["mine", "legacy"])
    const asDefault = {
      ...ours,
      metadata: { ...ours.metadata, annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
    }
    expect(names([asDefault, others])).toEqual(["mine", "legacy", "classless"])
    expect(names([others])).toEqual([])
  })
})

describe("findEndpoints", () => {
  const slice = {
    endpoints: [
      { addresses: ["10.244.0.2"], conditions: { ready: true } },
      { addresses: ["10.244.0.3"], conditions: { ready: false } },
    ],
    ports: [{ name: "http", port: 8080 }],
  } as EndpointSlice
  const service = { spec: { ports: [{ name: "http", port: 80 }] } } as Service

  it("resolves ports by number and name to those of ready endpoints", () => {
    expect(findEndpoints(service, [slice], 80)).toEqual([{ host: "10.244.0.2", port: 8080 }])
    expect(findEndpoints(service, [slice], "http")).toEqual([{ host: "10.244.0.2", port: 8080 }])
    expect(findEndpoints(service, [slice], 81)).toBeUndefined()
    const external = { spec: { type: "ExternalName", externalName: "example.com" } } as Service
    expect(findEndpoints(external, [], 443)).toEqual([{ host: "example.com", port: 443 }])
  })
})
