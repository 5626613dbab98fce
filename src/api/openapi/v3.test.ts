import { describe, expect, it } from "vitest"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { resource } from "../../apimachinery/resource.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import { builtInResources } from "../index.ts"
import { objectFields } from "../meta/v1/object-fields.ts"
import type { JsonSchema } from "./definitions.ts"
import { descriptionsFrom } from "./descriptions.ts"
import { openApiV3, openApiV3Paths } from "./v3.ts"

const apps = { group: "apps", version: "v1" }

function schemasOf(document: JsonSchema): Record<string, JsonSchema> {
  return (document["components"] as { schemas: Record<string, JsonSchema> }).schemas
}

describe("openApiV3", () => {
  const descriptions = descriptionsFrom({
    V1DeploymentSpec: { "": "What is wanted.", paused: "Whether it stands still." },
  })
  const document = openApiV3(builtInResources, apps, descriptions)

  it("describes kinds with all that they refer to", () => {
    const schemas = schemasOf(document)
    expect(schemas["io.k8s.api.apps.v1.Deployment"]).toMatchObject({
      type: "object",
      properties: {
        // The field has no text of its own, so the type's stands there.
        spec: {
          allOf: [{ $ref: "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec" }],
          default: {},
          description: "What is wanted.",
        },
      },
      "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "Deployment" }],
    })
    expect(schemas["io.k8s.api.apps.v1.DeploymentSpec"]?.["properties"]).toMatchObject({
      paused: { type: "boolean", description: "Whether it stands still." },
      replicas: { type: "integer", format: "int32", default: 1 },
    })
    expect(schemas["io.k8s.api.core.v1.PodSpec"]?.["properties"]).toMatchObject({
      containers: {
        type: "array",
        items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }] },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-merge-key": "name",
        "x-kubernetes-patch-strategy": "merge",
      },
      restartPolicy: { type: "string", enum: ["Always", "Never", "OnFailure"] },
    })
  })

  it("says of every object what metadata is, custom ones too", () => {
    const property = { description: expect.stringContaining("Standard object's metadata.") as string }
    const properties = { metadata: property }
    expect(schemasOf(document)["io.k8s.api.apps.v1.Deployment"]).toMatchObject({ properties })
    const list = { metadata: { description: expect.stringContaining("Standard list metadata.") as string } }
    expect(schemasOf(document)["io.k8s.api.apps.v1.DeploymentList"]).toMatchObject({ properties: list })
    expect(descriptions.of("io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata", "metadata")).toMatch(
      /^Standard object's metadata/,
    )
  })

  it("refers to nothing that is not there", () => {
    for (const groupVersion of openApiV3Paths(builtInResources).values()) {
      const each = openApiV3(builtInResources, groupVersion)
      const schemas = schemasOf(each)
      const references = JSON.stringify(each).matchAll(/"#\/components\/schemas\/([^"]+)"/g)
      for (const [, name = ""] of references) expect(schemas).toHaveProperty([name])
    }
  })

  it("says what can be done, and how kubectl may ask for validation", () => {
    const paths = document["paths"] as Record<string, Record<string, JsonSchema>>
    const patch = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?.["patch"]
    expect(patch).toMatchObject({
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": { group: "apps", version: "v1", kind: "Deployment" },
    })
    const parameters = patch?.["parameters"] as { name: string }[] | undefined
    expect(parameters?.map(({ name }) => name)).toEqual([
      "dryRun",
      "fieldManager",
      "fieldValidation",
      "force",
    ])
  })

  it("shows a custom resource as its definition declares it", () => {
    const schema: ObjectSchema = {
      kind: "object",
      fields: {
        ...objectFields,
        spec: {
          presence: "explicit",
          schema: {
            kind: "object",
            description: "What is wanted.",
            fields: {
              schedule: {
                presence: "explicit",
                required: true,
                schema: { kind: "scalar", name: "string", constraints: { pattern: "^.+$" } },
              },
              port: { presence: "explicit", schema: { kind: "scalar", name: "intOrString" } },
            },
          },
        },
      },
    }
    const cronTab = resource<KubeObject>({
      group: "stable.example.com",
      version: "v1",
      kind: "CronTab",
      plural: "crontabs",
      namespaced: true,
      schema,
    })
    const custom = schemasOf(openApiV3([cronTab], cronTab))["com.example.stable.v1.CronTab"]
    expect(custom).toMatchObject({
      "x-kubernetes-group-version-kind": [{ group: "stable.example.com", version: "v1", kind: "CronTab" }],
      properties: {
        spec: {
          type: "object",
          description: "What is wanted.",
          required: ["schedule"],
          properties: {
            schedule: { type: "string", pattern: "^.+$" },
            port: { "x-kubernetes-int-or-string": true },
          },
        },
      },
    })
  })
})
