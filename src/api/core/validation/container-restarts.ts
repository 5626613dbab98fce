import { duplicateValue, invalidValue, requiredValue, tooMany } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, oneOf, oneOfIfSet } from "../../validation/checks.ts"
import type { Container } from "../v1/container.ts"

const maxRules = 20
const maxExitCodes = 255

/** When one container is started again, whatever the pod says for all of them. */
export function* validateRestartPolicy(container: Container, path: FieldPath): Errors {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  const policyPath = path.child("restartPolicy")
  if (restartPolicy === undefined) {
    if (rules.length === 0) return
    yield requiredValue(policyPath, "must specify restartPolicy when restart rules are used")
  } else yield* oneOfIfSet(restartPolicy, policyPath, ["Always", "Never", "OnFailure"])

  const rulesPath = path.child("restartPolicyRules")
  if (rules.length > maxRules) yield tooMany(rulesPath, rules.length, maxRules)
  for (const [index, { action = "", exitCodes }] of rules.entries()) {
    const at = rulesPath.index(index)
    yield* oneOfIfSet(action, at.child("action"), ["Restart", "RestartAllContainers"])
    if (!exitCodes) {
      yield requiredValue(at.child("exitCodes"), "must be specified")
      continue
    }
    const { operator = "", values = [] } = exitCodes
    yield* oneOfIfSet(operator, at.child("exitCodes", "operator"), ["In", "NotIn"])
    if (values.length > maxExitCodes) {
      yield tooMany(at.child("exitCodes", "values"), values.length, maxExitCodes)
    }
  }
}

/** Of an init container, which has no rules without a policy of its own. */
export function* validateInitRestartPolicy(container: Container, path: FieldPath): Errors {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  if (restartPolicy !== undefined) yield* validateRestartPolicy(container, path)
  else if (rules.length > 0) {
    yield requiredValue(path.child("restartPolicy"), "must specify restartPolicy when restart rules are used")
  }
}

const resizedResources = ["cpu", "memory"]
const resizePolicies = ["NotRequired", "RestartContainer"]

/** Whether a container keeps running while its resources change. */
export function* validateResizePolicy(
  policies: Container["resizePolicy"],
  podRestartPolicy: string | undefined,
  path: FieldPath,
): Errors {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of (policies ?? []).entries()) {
    if (seen.has(resourceName)) yield duplicateValue(path.index(index), resourceName)
    seen.add(resourceName)
    yield* oneOf(resourceName, path, resizedResources)
    yield* oneOf(restartPolicy, path, resizePolicies)
    if (podRestartPolicy === "Never" && restartPolicy !== "NotRequired") {
      const detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
      yield invalidValue(path, restartPolicy, detail)
    }
  }
}
