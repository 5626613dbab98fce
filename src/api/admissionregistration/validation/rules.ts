import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, oneOfIfSet } from "../../validation/checks.ts"
import type { RuleWithOperations } from "../v1/match-resources.ts"

// Which requests a webhook or a policy wants to see.

const operationNames = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]

export function* validateRule(rule: RuleWithOperations, path: FieldPath): Errors {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule
  const operationsPath = path.child("operations")
  yield* listed(operations, operationsPath, "operations")
  for (const [index, operation] of operations.entries()) {
    yield* oneOfIfSet(operation, operationsPath.index(index), operationNames)
  }
  yield* listed(apiGroups, path.child("apiGroups"), "API groups")
  yield* listed(apiVersions, path.child("apiVersions"), "API versions")
  for (const [index, version] of apiVersions.entries()) {
    if (!version) yield requiredValue(path.child("apiVersions").index(index))
  }
  yield* validateResources(resources, path.child("resources"))
  yield* oneOfIfSet(rule.scope, path.child("scope"), ["*", "Cluster", "Namespaced"])
}

/** Something, and "*" only alone. */
function* listed(values: readonly string[], path: FieldPath, what: string): Errors {
  if (values.length === 0) yield requiredValue(path)
  if (values.length > 1 && values.includes("*")) {
    yield invalidValue(path, values, `if '*' is present, must not specify other ${what}`)
  }
}

/** "pods", "pods/status", "pods/*", "*\/scale", "*", "*\/*": none that another one covers. */
function* validateResources(resources: readonly string[], path: FieldPath): Errors {
  if (resources.length === 0) yield requiredValue(path)
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  let lastWithoutSubresource: string | undefined
  for (const [index, text] of resources.entries()) {
    const at = path.index(index)
    if (!text) {
      yield requiredValue(at)
      continue
    }
    const slash = text.indexOf("/")
    if (slash < 0) {
      lastWithoutSubresource = text
      continue
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)]
    const covered = (by: string) => invalidValue(at, text, `if '${by}' is present, must not specify ${text}`)
    if (wholeResources.has(resource)) yield covered(`${resource}/*`)
    if (wholeSubresources.has(subresource)) yield covered(`*/${subresource}`)
    if (subresource === "*") wholeResources.add(resource)
    if (resource === "*") wholeSubresources.add(subresource)
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    yield invalidValue(path, resources, "if '*/*' is present, must not specify other resources")
  }
  // Upstream looks at the last one alone.
  if (resources.includes("*") && lastWithoutSubresource !== undefined && lastWithoutSubresource !== "*") {
    const detail = "if '*' is present, must not specify other resources without subresources"
    yield invalidValue(path, resources, detail)
  }
}

/** Nobody can change what is being deleted. */
export function* notOnDelete(rules: readonly RuleWithOperations[] | undefined, path: FieldPath): Errors {
  const supported = operationNames.filter((name) => name !== "DELETE")
  for (const { operations = [] } of rules ?? []) {
    for (const operation of operations) {
      if (!supported.includes(operation)) {
        yield unsupportedValue(path.child("resourceRules", "operations"), operation, supported)
      }
    }
  }
}
