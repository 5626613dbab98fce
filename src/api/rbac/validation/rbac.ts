import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { pathSegmentProblems } from "../../../apimachinery/names.ts"
import { parseSelector } from "../../core/validation/selected-template.ts"
import { dnsSubdomain, type Errors, labelSelector, problems } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { ClusterRole } from "../v1/cluster-role.ts"
import type { ClusterRoleBinding } from "../v1/cluster-role-binding.ts"
import type { PolicyRule } from "../v1/policy-rule.ts"
import type { Role } from "../v1/role.ts"
import type { RoleBinding } from "../v1/role-binding.ts"
import type { Subject } from "../v1/subject.ts"

const group = "rbac.authorization.k8s.io"

export function* validateRole({ rules }: Role): Errors {
  for (const [index, rule] of (rules ?? []).entries()) {
    yield* validatePolicyRule(rule, true, fieldPath("rules").index(index))
  }
}

export function* validateClusterRole({ rules, aggregationRule }: ClusterRole): Errors {
  for (const [index, rule] of (rules ?? []).entries()) {
    yield* validatePolicyRule(rule, false, fieldPath("rules").index(index))
  }
  if (!aggregationRule) return
  const path = fieldPath("aggregationRule", "clusterRoleSelectors")
  const selectors = aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    yield requiredValue(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
  }
  for (const [index, selector] of selectors.entries()) {
    yield* labelSelector(selector, path.index(index))
    if (!parseSelector(selector)) yield invalidValue(path.index(index), null, "invalid label selector.")
  }
}

/** Of resources or of paths, never of both. */
function* validatePolicyRule(rule: PolicyRule, isNamespaced: boolean, path: FieldPath): Errors {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  if (!verbs?.length) yield requiredValue(path.child("verbs"), "verbs must contain at least one value")
  if (nonResourceURLs.length > 0) {
    const at = path.child("nonResourceURLs")
    if (isNamespaced) {
      yield invalidValue(at, nonResourceURLs, "namespaced rules cannot apply to non-resource URLs")
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      const detail = "rules cannot apply to both regular resources and non-resource URLs"
      yield invalidValue(at, nonResourceURLs, detail)
    }
    return
  }
  if (apiGroups.length === 0) {
    yield requiredValue(path.child("apiGroups"), "resource rules must supply at least one api group")
  }
  if (resources.length === 0) {
    yield requiredValue(path.child("resources"), "resource rules must supply at least one resource")
  }
}

export function* validateRoleBinding(binding: RoleBinding): Errors {
  yield* validateAnyBinding(binding, true)
}

export function* validateClusterRoleBinding(binding: ClusterRoleBinding): Errors {
  yield* validateAnyBinding(binding, false)
}

type Binding = RoleBinding | ClusterRoleBinding

function* validateAnyBinding({ roleRef, subjects = [] }: Binding, isNamespaced: boolean): Errors {
  const path = fieldPath("roleRef")
  const kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]
  const { apiGroup, kind, name } = roleRef
  if (apiGroup !== group) yield unsupportedValue(path.child("apiGroup"), apiGroup, [group])
  if (!kinds.includes(kind)) yield unsupportedValue(path.child("kind"), kind, kinds)
  if (name) yield* problems(name, path.child("name"), pathSegmentProblems(name))
  else yield requiredValue(path.child("name"))
  for (const [index, subject] of subjects.entries()) {
    yield* validateSubject(subject, isNamespaced, fieldPath("subjects").index(index))
  }
}

function* validateSubject(subject: Subject, isNamespaced: boolean, path: FieldPath): Errors {
  const { kind, name, namespace, apiGroup = "" } = subject
  if (!name) yield requiredValue(path.child("name"))
  if (kind === "ServiceAccount") {
    if (name) yield* dnsSubdomain(name, path.child("name"))
    if (apiGroup) yield unsupportedValue(path.child("apiGroup"), apiGroup, [""])
    if (!isNamespaced && !namespace) yield requiredValue(path.child("namespace"))
  } else if (kind === "User" || kind === "Group") {
    if (apiGroup !== group) yield unsupportedValue(path.child("apiGroup"), apiGroup, [group])
  } else yield unsupportedValue(path.child("kind"), kind, ["ServiceAccount", "User", "Group"])
}

/** Who may write a binding was asked whether he may hand out this very role. */
export function* validateRoleBindingUpdate(binding: RoleBinding, old: RoleBinding): Errors {
  yield* validateRoleBinding(binding)
  yield* sameRole(binding, old)
}

export function* validateClusterRoleBindingUpdate(
  binding: ClusterRoleBinding,
  old: ClusterRoleBinding,
): Errors {
  yield* validateClusterRoleBinding(binding)
  yield* sameRole(binding, old)
}

function* sameRole({ roleRef }: Binding, old: Binding): Errors {
  if (!semanticEqual(roleRef, old.roleRef)) yield invalidValue("roleRef", roleRef, "cannot change roleRef")
}
