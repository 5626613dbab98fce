import { expect } from "vitest"
import { newNames, withDefinition } from "./custom-definitions.ts"
import { conformance, type Json, useCluster } from "./harness.ts"

useCluster()

conformance(
  "[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]",
  async ({ api }) => {
    const { groups } = await api.get("/apis")
    expect(groups.length).toBeGreaterThan(0)
    for (const group of groups as Json[]) {
      const { versions, preferredVersion, name } = group
      expect(
        versions.map((each: Json) => each["groupVersion"]),
        name,
      ).toContain(preferredVersion.groupVersion)
      expect(await api.get(`/apis/${name}`), name).toMatchObject({ kind: "APIGroup", name, preferredVersion })
    }
  },
)

conformance(
  "[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup [Conformance]",
  async ({ api }) => {
    const { groups } = await api.get("/apis")
    for (const { versions } of groups as Json[]) {
      for (const { groupVersion } of versions as Json[]) {
        const list = await api.get(`/apis/${groupVersion}`)
        expect(list["kind"]).toBe("APIResourceList")
        expect(list["groupVersion"]).toBe(groupVersion)
        const named = (list["resources"] as Json[]).filter(({ name, kind }) => name && kind)
        expect(named.length, groupVersion).toBeGreaterThan(0)
      }
    }
  },
)

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
const builtIn = [
  "apps",
  "batch",
  "autoscaling",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
]

conformance(
  "[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers [Conformance]",
  async ({ api }) => {
    for (const path of ["/api", "/apis"]) {
      const { status, headers, body } = await api.send("GET", path, { headers: { accept: aggregated } })
      expect(status).toBe(200)
      expect(headers["content-type"]).toBe(aggregated)
      expect(body).toMatchObject({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2" })
      const names = (body["items"] as Json[]).map(({ metadata }) => metadata.name ?? "")
      expect(names).toEqual(expect.arrayContaining(path === "/api" ? [""] : builtIn))
    }
  },
)

conformance(
  "[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface [Conformance]",
  async ({ api }) => {
    const found = new Map<string, Set<string>>()
    for (const path of ["/api", "/apis"]) {
      const { body } = await api.send("GET", path, { headers: { accept: aggregated } })
      for (const { metadata, versions } of body["items"] as Json[]) {
        for (const { version, resources } of versions as Json[]) {
          const names = (resources as Json[]).map(({ resource }) => resource as string)
          found.set([metadata.name, version].filter(Boolean).join("/"), new Set(names))
        }
      }
    }
    for (const [groupVersion, resource] of wanted) {
      expect(found.get(groupVersion), groupVersion).toContain(resource)
    }
  },
)

for (const [what, accept] of [
  ["interface", aggregated],
  ["request", `${aggregated},application/json;q=0.1`],
] as const) {
  const codename = what === "request" ? "raw aggregated discovery request" : "aggregated discovery interface"
  conformance(
    `[sig-api-machinery] AggregatedDiscovery should support ${codename} for CRDs [Conformance]`,
    async ({ api }) => {
      const names = newNames()
      await withDefinition(api, names, undefined, async () => {
        const { body, headers } = await api.send("GET", "/apis", { headers: { accept } })
        expect(headers["content-type"]).toBe(aggregated)
        const group = (body["items"] as Json[]).find(({ metadata }) => metadata.name === names.group)!
        expect(group["versions"]).toMatchObject([
          {
            version: "v1",
            freshness: "Current",
            resources: [
              {
                resource: names.plural,
                responseKind: { kind: names.kind },
                scope: "Cluster",
                singularResource: names.kind.toLowerCase(),
              },
            ],
          },
        ])
        expect(group["versions"][0].resources[0].verbs).toEqual(
          expect.arrayContaining(["create", "get", "list", "watch", "patch", "update", "delete"]),
        )
      })
    },
  )
}

const wanted = [
  ["v1", "pods"],
  ["v1", "services"],
  ["v1", "namespaces"],
  ["admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"],
  ["apiextensions.k8s.io/v1", "customresourcedefinitions"],
  ["apiregistration.k8s.io/v1", "apiservices"],
  ["apps/v1", "deployments"],
  ["authentication.k8s.io/v1", "tokenreviews"],
  ["authorization.k8s.io/v1", "selfsubjectaccessreviews"],
  ["autoscaling/v2", "horizontalpodautoscalers"],
  ["batch/v1", "jobs"],
  ["certificates.k8s.io/v1", "certificatesigningrequests"],
  ["coordination.k8s.io/v1", "leases"],
  ["discovery.k8s.io/v1", "endpointslices"],
  ["events.k8s.io/v1", "events"],
  ["networking.k8s.io/v1", "ingresses"],
  ["node.k8s.io/v1", "runtimeclasses"],
  ["policy/v1", "poddisruptionbudgets"],
  ["scheduling.k8s.io/v1", "priorityclasses"],
  ["storage.k8s.io/v1", "volumeattachments"],
] as const

conformance(
  "[sig-api-machinery] server version should find the server version [Conformance]",
  async ({ api }) => {
    const { major, minor } = await api.get("/version")
    expect(major).toMatch(/^\d+$/)
    expect(minor).toMatch(/^\d+\+?$/)
  },
)

conformance(
  "[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata [Conformance]",
  async ({ api }) => {
    const { status } = await api.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
      body: { spec: { resourceAttributes: { verb: "get", resource: "pods" } } },
    })
    expect(status).toBe(406)
  },
)
