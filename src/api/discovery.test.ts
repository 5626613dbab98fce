import { describe, expect, it } from "vitest"
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  computeStorageVersionHashes,
} from "./discovery.ts"
import { builtInResources } from "./index.ts"
import { compareVersions } from "./version-priority.ts"

const core = { group: "", version: "v1" }

describe("apiResourceList", () => {
  it("lists resources with their subresources by name", () => {
    const list = apiResourceList(builtInResources, core)
    expect(list?.resources.map((resource) => resource.name).slice(16, 28)).toEqual([
      "pods",
      "pods/attach",
      "pods/binding",
      "pods/ephemeralcontainers",
      "pods/eviction",
      "pods/exec",
      "pods/log",
      "pods/portforward",
      "pods/proxy",
      "pods/resize",
      "pods/status",
      "podtemplates",
    ])
  })

  it("says names, scope, verbs and the hash of the stored version", async () => {
    const hashes = await computeStorageVersionHashes(builtInResources)
    const list = apiResourceList(builtInResources, { group: "apps", version: "v1" }, hashes)
    expect(list?.resources.find((resource) => resource.name === "deployments")).toEqual({
      name: "deployments",
      singularName: "deployment",
      namespaced: true,
      kind: "Deployment",
      verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
      shortNames: ["deploy"],
      categories: ["all"],
      storageVersionHash: "8aSe+NMegvE=",
    })
    expect(list?.resources.find((resource) => resource.name === "deployments/scale")).toEqual({
      name: "deployments/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get", "patch", "update"],
    })
  })

  it("knows no version that is not served", () => {
    expect(apiResourceList(builtInResources, { group: "apps", version: "v1beta1" })).toBeUndefined()
    expect(apiGroup(builtInResources, "extensions")).toBeUndefined()
  })
})

it("puts groups and versions in order of importance", () => {
  const { groups } = apiGroupList(builtInResources)
  expect(groups.map((group) => group.name).slice(0, 3)).toEqual([
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
  ])
  expect(apiGroup(builtInResources, "autoscaling")?.preferredVersion.version).toBe("v2")
  const resource = apiGroup(builtInResources, "resource.k8s.io")
  expect(resource?.versions.map((each) => each.version)).toEqual(["v1", "v1beta2", "v1beta1", "v1alpha3"])
})

it("compareVersions puts mature versions first", () => {
  const versions = ["v1alpha1", "foo1", "v1", "v11beta2", "v2", "v10beta3", "v3beta1", "v12alpha1"]
  expect(versions.sort(compareVersions)).toEqual([
    "v2",
    "v1",
    "v11beta2",
    "v10beta3",
    "v3beta1",
    "v12alpha1",
    "v1alpha1",
    "foo1",
  ])
})

it("aggregatedDiscovery holds all groups in one answer", () => {
  const { items } = aggregatedDiscovery(builtInResources, { isLegacy: false, version: "v2" })
  const apps = items.find((item) => item.metadata.name === "apps")
  expect(apps?.versions[0]?.resources?.find((each) => each.resource === "statefulsets")).toMatchObject({
    responseKind: { group: "", version: "", kind: "StatefulSet" },
    scope: "Namespaced",
    singularResource: "statefulset",
    shortNames: ["sts"],
    subresources: [
      { subresource: "scale", responseKind: { group: "autoscaling", version: "v1", kind: "Scale" } },
      { subresource: "status" },
    ],
  })
  const legacy = aggregatedDiscovery(builtInResources, { isLegacy: true, version: "v2beta1" })
  expect(legacy.items.map((item) => item.metadata)).toEqual([{}])
})
