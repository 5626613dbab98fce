import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { type Errors, qualifiedName } from "../../validation/checks.ts"
import type { ObjectFieldSelector, ResourceFieldSelector } from "../v1/downward-api.ts"

/** Fields of a pod that have a name of their own; labels and annotations may also be asked for one by one. */
const knownFields: ReadonlySet<string> = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.serviceAccountName",
  "spec.schedulerName",
  "status.phase",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
])

const aliases: Readonly<Record<string, string>> = { "spec.host": "spec.nodeName" }

/** "metadata.labels['app']" in its two parts. */
function splitSubscript(fieldPath: string): [path: string, subscript: string | undefined] {
  const match = /^(.+?)\['(.*)'\]$/s.exec(fieldPath)
  return match ? [match[1]!, match[2]!] : [fieldPath, undefined]
}

/** @param supported fields that may be shown here */
export function* validateFieldReference(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
  path: FieldPath,
): Errors {
  if (!apiVersion) {
    yield requiredValue(path.child("apiVersion"))
    return
  }
  if (!fieldPath) {
    yield requiredValue(path.child("fieldPath"))
    return
  }
  const at = path.child("fieldPath")
  const problem = conversionProblem(apiVersion, fieldPath)
  if (problem) {
    yield invalidValue(at, fieldPath, `error converting fieldPath: ${problem}`)
    return
  }
  const [field, subscript] = splitSubscript(aliases[fieldPath] ?? fieldPath)
  if (subscript === undefined) {
    if (!supported.includes(field)) yield unsupportedValue(at, field, supported)
  } else yield* qualifiedName(field === "metadata.annotations" ? subscript.toLowerCase() : subscript, path)
}

function conversionProblem(apiVersion: string, fieldPath: string): string | undefined {
  if (apiVersion !== "v1") return `unsupported pod version: ${apiVersion}`
  const [field, subscript] = splitSubscript(fieldPath)
  if (subscript !== undefined) {
    const hasEntries = field === "metadata.annotations" || field === "metadata.labels"
    return hasEntries ? undefined : `field label does not support subscript: ${fieldPath}`
  }
  return knownFields.has(field) || field in aliases ? undefined : `field label not supported: ${fieldPath}`
}

const resources = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
]

const hugePages = /^(limits|requests)\.hugepages-/
const byteDivisors = "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"

/** @param needsContainer a volume belongs to no container, so it has to name one */
export function* validateResourceReference(
  { containerName, resource, divisor }: ResourceFieldSelector,
  needsContainer: boolean,
  path: FieldPath,
): Errors {
  if (needsContainer && !containerName) yield requiredValue(path.child("containerName"))
  else if (!resource) yield requiredValue(path.child("resource"))
  else if (!resources.includes(resource) && !hugePages.test(resource)) {
    yield unsupportedValue(path.child("resource"), resource, resources)
  }
  yield* validateDivisor(resource, divisor ?? "0", path.child("divisor"))
}

function* validateDivisor(resource: string, value: string | number, path: FieldPath): Errors {
  const divisor = parseQuantity(value)
  if (divisor.nanos === 0n) return
  if (/^(limits|requests)\.cpu$/.test(resource)) {
    if (divisor.text === "1m" || divisor.text === "1") return
    yield invalidValue(path, resource, "only divisor's values 1m and 1 are supported with the cpu resource")
    return
  }
  const kind = byteKind(resource)
  if (kind === undefined || byteDivisors.split(", ").includes(divisor.text)) return
  yield invalidValue(
    path,
    resource,
    `only divisor's values ${byteDivisors} are supported with the ${kind} resource`,
  )
}

function byteKind(resource: string): string | undefined {
  if (hugePages.test(resource)) return "hugepages"
  if (resource.endsWith(".memory")) return "memory"
  return resource.endsWith(".ephemeral-storage") ? "local ephemeral storage" : undefined
}
