import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabelProblems } from "../../../apimachinery/names.ts"
import { dnsLabel, dnsSubdomain, type Errors, required } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { mandatorySchemas } from "../mandatory.ts"
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "../v1/flow-schema.ts"
import { conditionTypes } from "./conditions.ts"

const path = fieldPath("spec")
const maxPrecedence = 10_000

export function* validateFlowSchema({ metadata, spec, status }: FlowSchema): Errors {
  yield* precedence(metadata.name, spec.matchingPrecedence, path.child("matchingPrecedence"))
  const { distinguisherMethod: method, priorityLevelConfiguration: level } = spec
  if (method && !["ByNamespace", "ByUser"].includes(method.type)) {
    yield unsupportedValue(path.child("distinguisherMethod", "type"), method, ["ByNamespace", "ByUser"])
  }
  const levelPath = path.child("priorityLevelConfiguration", "name")
  if (level.name) yield* dnsSubdomain(level.name, levelPath)
  else yield requiredValue(levelPath, "must reference a priority level")
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    yield* validateRule(rule, path.child("rules").index(index))
  }
  const mandatory = mandatorySchemas.find((schema) => schema.metadata.name === metadata.name)
  if (mandatory && !semanticEqual(spec, mandatory.spec)) {
    yield invalidValue(path, spec, `spec of '${metadata.name}' must equal the fixed value`)
  }
  yield* conditionTypes(status?.conditions)
}

export function* validateFlowSchemaStatus({ status }: FlowSchema): Errors {
  yield* conditionTypes(status?.conditions)
}

function* precedence(name: string, value: number, at: FieldPath): Errors {
  if (value <= 0) yield invalidValue(at, value, "must be a positive value")
  if (value > maxPrecedence) yield invalidValue(at, value, `must not be greater than ${maxPrecedence}`)
  if (value === 1 && name !== "exempt") {
    yield invalidValue(at, value, "only the schema named 'exempt' may have matchingPrecedence 1")
  }
}

function* validateRule(rule: PolicyRulesWithSubjects, at: FieldPath): Errors {
  const { resourceRules = [], nonResourceRules = [] } = rule
  const subjects = rule.subjects ?? []
  yield* required(subjects, at.child("subjects"), "subjects must contain at least one value")
  for (const [index, subject] of subjects.entries()) {
    yield* validateSubject(subject, at.child("subjects").index(index))
  }
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    yield requiredValue(at, "at least one of resourceRules and nonResourceRules has to be non-empty")
  }
  for (const [index, each] of resourceRules.entries()) {
    yield* resourceRule(each, at.child("resourceRules").index(index))
  }
  for (const [index, each] of nonResourceRules.entries()) {
    yield* nonResourceRule(each, at.child("nonResourceRules").index(index))
  }
}

const fieldOf = { ServiceAccount: "serviceAccount", User: "user", Group: "group" } as const

/** The field of its kind, and no other. */
function* validateSubject(subject: Subject, at: FieldPath): Errors {
  const kind = subject.kind as keyof typeof fieldOf
  const own = fieldOf[kind]
  if (!own) {
    yield unsupportedValue(at.child("kind"), kind, ["Group", "ServiceAccount", "User"])
    return
  }
  if (subject[own]) yield* subjectName(kind, subject[own], at.child(own))
  else yield requiredValue(at.child(own), `${own} is required when subject kind is '${kind}'`)
  for (const [otherKind, other] of Object.entries(fieldOf)) {
    if (other === own || !subject[other]) continue
    yield forbiddenValue(at.child(other), `${other} is forbidden when subject kind is not '${otherKind}'`)
  }
}

function* subjectName(
  kind: keyof typeof fieldOf,
  { name, namespace }: { readonly name: string; readonly namespace?: string },
  at: FieldPath,
): Errors {
  if (!name) yield requiredValue(at.child("name"))
  else if (kind === "ServiceAccount" && name !== "*") yield* dnsSubdomain(name, at.child("name"))
  if (kind !== "ServiceAccount") return
  if (namespace) yield* dnsLabel(namespace, at.child("namespace"))
  else yield requiredValue(at.child("namespace"), "must specify namespace for service account")
}

const knownVerbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "proxy",
  "update",
  "watch",
]

function* validateVerbs(given: readonly string[] | null, at: FieldPath): Errors {
  const verbs = given ?? []
  yield* required(verbs, at, "verbs must contain at least one value")
  yield* aloneIfWildcard(verbs, at, "verbs")
  const isKnown = verbs.includes("*") || verbs.every((verb) => knownVerbs.includes(verb))
  if (!isKnown) yield unsupportedValue(at, verbs, knownVerbs)
}

function* aloneIfWildcard(values: readonly string[], at: FieldPath, what: string): Errors {
  if (values.length < 2 || !values.includes("*")) return
  yield invalidValue(at, values, `if '*' is present, must not specify other ${what}`)
}

function* resourceRule(rule: ResourcePolicyRule, at: FieldPath): Errors {
  const { verbs, clusterScope } = rule
  const [apiGroups, resources, namespaces] = [
    rule.apiGroups ?? [],
    rule.resources ?? [],
    rule.namespaces ?? [],
  ]
  yield* validateVerbs(verbs, at.child("verbs"))
  yield* required(apiGroups, at.child("apiGroups"), "resource rules must supply at least one api group")
  yield* aloneIfWildcard(apiGroups, at.child("apiGroups"), "api groups")
  yield* required(resources, at.child("resources"), "resource rules must supply at least one resource")
  yield* aloneIfWildcard(resources, at.child("resources"), "resources")
  const namespacesPath = at.child("namespaces")
  if (namespaces.length === 0 && !clusterScope) {
    const detail = "resource rules that are not cluster scoped must supply at least one namespace"
    yield requiredValue(namespacesPath, detail)
  }
  yield* aloneIfWildcard(namespaces, namespacesPath, "namespaces")
  if (namespaces.includes("*")) return
  for (const [index, namespace] of namespaces.entries()) {
    for (const problem of dnsLabelProblems(namespace)) {
      const detail = `each member of this list must be '*' or a DNS-1123 label; ${problem}`
      yield invalidValue(namespacesPath.index(index), namespace, detail)
    }
  }
}

function* nonResourceRule({ verbs, nonResourceURLs }: NonResourcePolicyRule, at: FieldPath): Errors {
  const urls = nonResourceURLs ?? []
  yield* validateVerbs(verbs, at.child("verbs"))
  const urlsPath = at.child("nonResourceURLs")
  yield* required(urls, urlsPath, "nonResourceURLs must contain at least one value")
  yield* aloneIfWildcard(urls, urlsPath, "non-resource URLs")
  if (urls.includes("*")) return
  for (const [index, url] of urls.entries()) {
    const problem = urlProblem(url)
    if (problem) yield invalidValue(urlsPath.index(index), url, problem)
  }
}

function urlProblem(url: string): string | undefined {
  if (url === "") return "must not be empty"
  if (!url.startsWith("/")) return "must start with slash"
  if (url.includes(" ")) return "must not contain white-space"
  if (url.includes("//")) return "must not contain double slash"
  const star = url.indexOf("*")
  const isSuffix = star === url.length - 1 && url.endsWith("/*")
  return star >= 0 && !isSuffix ? "wildcard can only do suffix matching" : undefined
}
