import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems, pathSegmentProblems, portNumberProblems } from "../../../apimachinery/names.ts"
import { quote } from "../../../base/quote.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { dnsSubdomain, type Errors, problems } from "../../validation/checks.ts"
import type { ObjectNameRule } from "../../validation/kind-rules.ts"
import type { APIService, APIServiceSpec } from "../v1/api-service.ts"

const path = fieldPath("spec")

/** Its name says what it serves. */
export const apiServiceName: ObjectNameRule = (name, _prefix, service) => {
  const { group = "", version = "" } = (service as APIService).spec
  const named = `${version}.${group}`
  const problems = pathSegmentProblems(name)
  if (problems.length > 0 || name === named) return problems
  return [`must be \`spec.version+"."+spec.group\`: ${quote(named)}`]
}

export function* validateApiService({ spec }: APIService): Errors {
  const { group = "", version = "", groupPriorityMinimum: groupPriority, versionPriority } = spec
  if (group) yield* dnsSubdomain(group, path.child("group"))
  else if (version !== "v1") {
    yield requiredValue(path.child("group"), "only v1 may have an empty group and it better be legacy kube")
  }
  yield* problems(version, path.child("version"), dns1035LabelProblems(version))
  if (groupPriority <= 0 || groupPriority > 20_000) {
    const detail = "must be positive and less than 20000"
    yield invalidValue(path.child("groupPriorityMinimum"), groupPriority, detail)
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    yield invalidValue(path.child("versionPriority"), versionPriority, "must be positive and less than 1000")
  }
  if (spec.service) yield* remote(spec)
  else yield* local(spec)
}

/** Served here: there is nobody to trust. */
function* local({ caBundle, insecureSkipTLSVerify }: APIServiceSpec): Errors {
  if (caBundle) {
    const size = `${decodeBase64(caBundle).length} bytes`
    yield invalidValue(path.child("caBundle"), size, "local APIServices may not have a caBundle")
  }
  if (insecureSkipTLSVerify) {
    const detail = "local APIServices may not have insecureSkipTLSVerify"
    yield invalidValue(path.child("insecureSkipTLSVerify"), true, detail)
  }
}

function* remote({ service, caBundle, insecureSkipTLSVerify }: APIServiceSpec): Errors {
  const { namespace, name, port = 0 } = service!
  const at = path.child("service")
  if (!namespace) yield requiredValue(at.child("namespace"))
  if (!name) yield requiredValue(at.child("name"))
  const wrong = portNumberProblems(port)
  if (wrong.length > 0) yield invalidValue(at.child("port"), port, `port is not valid: ${wrong.join(", ")}`)
  if (insecureSkipTLSVerify && caBundle) {
    yield invalidValue(path.child("insecureSkipTLSVerify"), true, "may not be true if caBundle is present")
  }
}

const statuses = ["True", "False", "Unknown"]

export function* validateApiServiceStatus({ status }: APIService): Errors {
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    if (statuses.includes(condition.status)) continue
    const at = fieldPath("status", "conditions").index(index).child("status")
    yield unsupportedValue(at, condition.status, statuses)
  }
}
