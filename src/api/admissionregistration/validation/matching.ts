import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
} from "../../../apimachinery/names.ts"
import { type Errors, labelSelector, oneOf, problems } from "../../validation/checks.ts"
import type { ParamKind, ParamRef } from "../v1/admission-policy.ts"
import type { MatchResources, NamedRuleWithOperations } from "../v1/match-resources.ts"
import { validateRule } from "./rules.ts"

// What policies and their bindings have in common: what they match, and their parameters.

export function* validateMatchResources(match: MatchResources | undefined, path: FieldPath): Errors {
  if (!match) return
  yield* oneOf(match.matchPolicy, path.child("matchPolicy"), ["Equivalent", "Exact"])
  for (const name of ["namespaceSelector", "objectSelector"] as const) {
    if (match[name]) yield* labelSelector(match[name], path.child(name))
    else yield requiredValue(path.child(name))
  }
  for (const name of ["resourceRules", "excludeResourceRules"] as const) {
    for (const [index, rule] of (match[name] ?? []).entries()) {
      yield* namedRule(rule, path.child(name).index(index))
    }
  }
}

function* namedRule(rule: NamedRuleWithOperations, path: FieldPath): Errors {
  const names = rule.resourceNames ?? []
  for (const [index, name] of names.entries()) {
    const at = path.child("resourceNames").index(index)
    yield* problems(name, at, pathSegmentProblems(name))
    if (names.indexOf(name) < index) yield duplicateValue(at, name)
  }
  yield* validateRule(rule, path)
}

export function* validateParamKind({ apiVersion = "", kind = "" }: ParamKind, path: FieldPath): Errors {
  yield* validateApiVersion(apiVersion, path.child("apiVersion"))
  if (!kind) {
    yield requiredValue(path.child("kind"))
    return
  }
  const wrong = dns1035LabelProblems(kind.toLowerCase())
  if (wrong.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${wrong.join(",")}`
    yield invalidValue(path.child("kind"), kind, detail)
  }
}

function* validateApiVersion(apiVersion: string, path: FieldPath): Errors {
  if (!apiVersion) {
    yield requiredValue(path)
    return
  }
  const parts = apiVersion === "/" ? [""] : apiVersion.split("/")
  if (parts.length > 2) {
    yield invalidValue(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
    return
  }
  const version = parts.at(-1)!
  const group = parts.length === 2 ? parts[0]! : ""
  const wrongGroup = group ? dnsSubdomainProblems(group) : []
  if (wrongGroup.length > 0) yield invalidValue(path, group, wrongGroup.join(","))
  if (!version) yield invalidValue(path, apiVersion, "version must be specified")
  else {
    const wrong = dns1035LabelProblems(version)
    if (wrong.length > 0) yield invalidValue(path, version, wrong.join(","))
  }
}

export function* validateParamRef(paramRef: ParamRef | undefined, path: FieldPath): Errors {
  if (!paramRef) return
  const { name, selector, parameterNotFoundAction } = paramRef
  const exclusive = "name and selector are mutually exclusive"
  if (name) {
    yield* problems(name, path.child("name"), pathSegmentProblems(name))
    if (selector) yield forbiddenValue(path.child("name"), exclusive)
  }
  if (selector) {
    yield* labelSelector(selector, path.child("selector"))
    if (name) yield forbiddenValue(path.child("selector"), exclusive)
  }
  if (!name && !selector) yield requiredValue(path, "one of name or selector must be specified")
  yield* oneOf(parameterNotFoundAction, path.child("parameterNotFoundAction"), ["Deny", "Allow"])
}
