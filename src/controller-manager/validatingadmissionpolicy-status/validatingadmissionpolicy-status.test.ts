import { afterEach, expect, test } from "vitest"
import { ValidatingAdmissionPolicy } from "../../api/admissionregistration/v1/validating-admission-policy.ts"
import { readOpenApi } from "../../client/read-open-api.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createPolicyStatusController } from "./validatingadmissionpolicy-status.ts"

let cluster: TestCluster
afterEach(() => cluster.stop())

async function statusOf(spec: object) {
  cluster = await startTestCluster(({ transport }) => [
    createPolicyStatusController({ readOpenApi: (groupVersion) => readOpenApi(transport, groupVersion) }),
  ])
  await cluster.client.create(ValidatingAdmissionPolicy, { metadata: { name: "checked" }, spec })
  const find = async () => {
    await cluster.advance(100)
    return (await cluster.client.get(ValidatingAdmissionPolicy, { name: "checked" })).status
  }
  // The documents that it reads are made beside the test's clock, in real time.
  await expect
    .poll(async () => (await find()).observedGeneration, { timeout: 15_000, interval: 10 })
    .toBeDefined()
  return find()
}

const rule = (group: string, ...resources: string[]) => ({
  apiGroups: [group],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources,
})

test("tells where expressions do not fit the types they are about", async () => {
  const status = await statusOf({
    matchConstraints: { resourceRules: [rule("apps", "deployments", "replicasets")] },
    validations: [
      { expression: "object.spec.replicas > 1" },
      { expression: "object.spec.replicas > '1'", messageExpression: "'has ' + object.spec.replica" },
      { expression: "has(object.spec.minReadySeconds) && !object.spec.paused" },
    ],
  })
  expect(status.observedGeneration).toBe(1)
  const mismatch = "found no matching overload for '_>_' applied to '(int, string)'"
  const place = " | object.spec.replicas > '1'\n | .....................^"
  const paused =
    "apps/v1, Kind=ReplicaSet: ERROR: <input>:1:49: undefined field 'paused'\n" +
    " | has(object.spec.minReadySeconds) && !object.spec.paused\n" +
    " | ................................................^\n"
  expect(status.typeChecking?.expressionWarnings).toMatchObject([
    {
      fieldRef: "spec.validations[1].expression",
      warning:
        `apps/v1, Kind=Deployment: ERROR: <input>:1:22: ${mismatch}\n${place}\n\n` +
        `apps/v1, Kind=ReplicaSet: ERROR: <input>:1:22: ${mismatch}\n${place}\n`,
    },
    { fieldRef: "spec.validations[1].messageExpression" },
    { fieldRef: "spec.validations[2].expression", warning: paused },
  ])
})

test("knows the types of variables and parameters, and of what kinds contain", async () => {
  const status = await statusOf({
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConstraints: { resourceRules: [rule("", "pods")] },
    variables: [{ name: "names", expression: "object.spec.containers.map(c, c.name)" }],
    validations: [
      { expression: "variables.names.all(name, name in params.data)" },
      { expression: "variables.names.exists(name, name > 1)" },
      {
        expression:
          "object.spec.containers.all(c, quantity(c.resources.limits['cpu']).isLessThan(quantity('4')))",
      },
      { expression: "params.dat == null" },
    ],
  })
  expect(status.typeChecking?.expressionWarnings?.map(({ fieldRef }) => fieldRef)).toEqual([
    "spec.validations[1].expression",
    "spec.validations[3].expression",
  ])
})

test("says that it has looked where there is nothing to say", async () => {
  const status = await statusOf({
    matchConstraints: { resourceRules: [{ ...rule("", "*"), apiGroups: ["*"] }] },
    validations: [{ expression: "object.anything == 1" }],
  })
  expect(status).toEqual({ observedGeneration: 1, typeChecking: {} })
})
