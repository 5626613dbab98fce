import { expect } from "vitest"
import { conformance, useCluster } from "./harness.ts"

useCluster()

const strict = { fieldValidation: "Strict" }

conformance(
  "[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]",
  async ({ api, namespace }) => {
    const body = `{
      "apiVersion": "apps/v1", "kind": "Deployment",
      "metadata": {"name": "dupe", "labels": {"app": "nginx"}},
      "spec": {
        "unknown1": "val1", "unknownDupe": "valDupe", "unknownDupe": "valDupe2", "paused": true, "paused": false,
        "selector": {"matchLabels": {"app": "nginx"}},
        "template": {
          "metadata": {"labels": {"app": "nginx"}},
          "spec": {"containers": [{
            "name": "nginx", "image": "nginx:latest", "unknownNested": "val1",
            "imagePullPolicy": "Always", "imagePullPolicy": "Never"
          }]}
        }
      }
    }`
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
    const refused = await api.send("POST", path, { query: strict, body })
    expect(refused.status).toBe(400)
    const { message } = refused.body
    expect(message).toContain("strict decoding error")
    for (const problem of [
      'unknown field "spec.unknown1"',
      'unknown field "spec.unknownDupe"',
      'duplicate field "spec.paused"',
      'unknown field "spec.template.spec.containers[0].unknownNested"',
      'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
    ]) {
      expect(message).toContain(problem)
    }
  },
)

conformance(
  "[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]",
  async ({ api, namespace }) => {
    const body = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "my-dep", unknownMeta: "unknown", labels: { app: "nginx" } },
      spec: {
        selector: { matchLabels: { app: "nginx" } },
        template: {
          metadata: { labels: { app: "nginx" } },
          spec: { containers: [{ name: "nginx", image: "nginx:latest" }] },
        },
      },
    }
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
    const refused = await api.send("POST", path, { query: strict, body })
    expect(refused.status).toBe(400)
    expect(refused.body["message"]).toContain('unknown field "metadata.unknownMeta"')
  },
)
