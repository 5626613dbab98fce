import { expect } from "vitest"
import { type Api, conformance, type Json, useCluster } from "./harness.ts"
import { resting } from "./workloads.ts"

useCluster()

const registration = "/apis/admissionregistration.k8s.io/v1"
const labels = { app: "marker" }

function deployment(name: string, replicas: number): Json {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: resting(labels) },
  }
}

const rules = [
  { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["deployments"] },
]

/** A policy and a binding that confines it to the test's namespace. */
async function enact(
  api: Api,
  namespace: string,
  kind: "validating" | "mutating",
  spec: Json,
): Promise<void> {
  const name = `${namespace}.policy.example.com`
  const matchResources = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  }
  await api.create(`${registration}/${kind}admissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  })
  await api.create(`${registration}/${kind}admissionpolicybindings`, {
    metadata: { name },
    spec: {
      policyName: name,
      matchResources,
      ...(kind === "validating" && { validationActions: ["Deny"] }),
    },
  })
}

async function repeal(api: Api, namespace: string, kind: "validating" | "mutating"): Promise<void> {
  for (const plural of [`${kind}admissionpolicybindings`, `${kind}admissionpolicies`]) {
    await api.delete(`${registration}/${plural}/${namespace}.policy.example.com`)
  }
}

const deploymentsIn = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`

conformance(
  "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment [Conformance]",
  async ({ api, namespace }) => {
    await enact(api, namespace, "validating", {
      validations: [
        {
          expression: "object.spec.replicas > 1",
          messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)",
        },
        {
          expression: "namespaceObject.metadata.name == request.namespace",
          message: "Internal error! Other namespace observed.",
        },
      ],
    })
    const refused = await api.send("POST", deploymentsIn(namespace), { body: deployment("replicas-one", 1) })
    expect(refused.status).toBe(422)
    expect(refused.body["message"]).toContain("wants replicas > 1, got 1")
    await api.create(deploymentsIn(namespace), deployment("replicas-two", 2))
    await repeal(api, namespace, "validating")
  },
)

conformance(
  "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables. [Conformance]",
  async ({ api, namespace }) => {
    await enact(api, namespace, "validating", {
      variables: [
        { name: "replicas", expression: "object.spec.replicas" },
        { name: "oddReplicas", expression: "variables.replicas % 2 == 1" },
      ],
      validations: [{ expression: "variables.replicas > 1" }, { expression: "variables.oddReplicas" }],
    })
    for (const [replicas, isAdmitted] of [
      [1, false],
      [2, false],
      [3, true],
    ] as const) {
      const { status } = await api.send("POST", deploymentsIn(namespace), {
        body: deployment(`of-${replicas}`, replicas),
      })
      expect([replicas, status]).toEqual([replicas, isAdmitted ? 201 : 422])
    }
    await repeal(api, namespace, "validating")
  },
)

conformance(
  "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment [Conformance]",
  async ({ api, namespace }) => {
    await enact(api, namespace, "mutating", {
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: { expression: "Object{spec: Object.spec{replicas: 0}}" },
        },
      ],
    })
    const made = await api.create(deploymentsIn(namespace), deployment("marker-deployment", 1))
    expect(made["spec"].replicas).toBe(0)
    await repeal(api, namespace, "mutating")
  },
)

conformance(
  "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment with annotations [Conformance]",
  async ({ api, namespace }) => {
    await enact(api, namespace, "mutating", {
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: {
            expression: 'Object{metadata: Object.metadata{annotations: {"mutated-by": "admission-policy"}}}',
          },
        },
      ],
    })
    const made = await api.create(deploymentsIn(namespace), deployment("marker-deployment", 1))
    expect(made["metadata"].annotations).toMatchObject({ "mutated-by": "admission-policy" })
    await repeal(api, namespace, "mutating")
  },
)
