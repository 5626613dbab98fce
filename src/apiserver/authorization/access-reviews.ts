import {
  type FieldError,
  invalid,
  invalidValue,
  requiredValue,
  forbiddenValue,
} from "../../apimachinery/field-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  NonResourceAttributes,
  ResourceAttributes as ReviewedResource,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from "../../api/authorization/v1/access-review.ts"
import type { LocalSubjectAccessReview } from "../../api/authorization/v1/local-subject-access-review.ts"
import type { SelfSubjectAccessReview } from "../../api/authorization/v1/self-subject-access-review.ts"
import type {
  SelfSubjectRulesReview,
  SubjectRulesReviewStatus,
} from "../../api/authorization/v1/self-subject-rules-review.ts"
import type { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { Attributes, Authorizer, SelectorRequirement } from "./authorizer.ts"
import { parseReviewedSelector } from "./reviewed-selector.ts"

/*
 * "May they?", asked through the API (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access).
 * Each function takes the decoded body and gives the status; admission is the caller's. Throws StatusError.
 */

const group = "authorization.k8s.io"

export async function reviewSubjectAccess(
  review: SubjectAccessReview,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  refuse([...subjectErrors(review.spec), ...metadataErrors(review.metadata, "must be empty")])
  return judge(questionOf(review.spec, subjectOf(review.spec)), authorizer)
}

/** `namespace` is that of the request's path. */
export async function reviewLocalSubjectAccess(
  review: LocalSubjectAccessReview,
  namespace: string,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const { spec, metadata } = review
  const { namespace: _namespace, ...rest } = metadata ?? {}
  const errors = [...subjectErrors(spec), ...metadataErrors(rest, "must be empty except for namespace")]
  const reviewed = spec.resourceAttributes
  if (reviewed && (reviewed.namespace ?? "") !== (metadata?.namespace ?? "")) {
    const path = "spec.resourceAttributes.namespace"
    errors.push(invalidValue(path, reviewed.namespace ?? "", "must match metadata.namespace"))
  }
  if (spec.nonResourceAttributes) {
    const path = "spec.nonResourceAttributes"
    errors.push(invalidValue(path, spec.nonResourceAttributes, "disallowed on this kind of request"))
  }
  refuse(errors)
  if (metadata?.namespace !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`)
  return judge(questionOf(spec, subjectOf(spec)), authorizer)
}

/** `kubectl auth can-i` */
export async function reviewSelfAccess(
  review: SelfSubjectAccessReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  refuse([...questionErrors(review.spec), ...metadataErrors(review.metadata, "must be empty")])
  return judge(questionOf(review.spec, user), authorizer)
}

/** `kubectl auth can-i --list` */
export async function reviewSelfRules(
  review: SelfSubjectRulesReview,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<SubjectRulesReviewStatus> {
  const { namespace } = review.spec
  if (!namespace) throw badRequest("no namespace on request")
  const rules = await authorizer.rulesFor(user, namespace)
  return structuredClone(rules) as SubjectRulesReviewStatus
}

interface Question {
  readonly resourceAttributes?: ReviewedResource | undefined
  readonly nonResourceAttributes?: NonResourceAttributes | undefined
}

interface PreparedQuestion {
  readonly attributes: Attributes
  /** What of the selectors was not understood; the answer is then for the request without it. */
  readonly problem?: string
}

async function judge(
  { attributes, problem }: PreparedQuestion,
  authorizer: Authorizer,
): Promise<SubjectAccessReviewStatus> {
  const { decision, reason, evaluationError } = await authorizer.authorize(attributes)
  const errors = [evaluationError, problem].filter((error) => error !== undefined)
  return {
    allowed: decision === "allowed",
    ...(decision === "denied" && { denied: true }),
    ...(reason && { reason }),
    ...(errors.length > 0 && { evaluationError: errors.join("; ") }),
  }
}

function subjectOf({ user = "", uid, groups, extra }: SubjectAccessReviewSpec): UserInfo {
  return { name: user, ...(uid && { uid }), groups: groups ?? [], extra: extra ?? {} }
}

function questionOf(question: Question, user: UserInfo): PreparedQuestion {
  const { resourceAttributes: resource, nonResourceAttributes: path } = question
  if (!resource) return { attributes: { user, verb: path?.verb ?? "", path: path?.path ?? "" } }
  const field = parseReviewedSelector("field", resource.fieldSelector)
  const label = parseReviewedSelector("label", resource.labelSelector)
  const problems = [field?.problem, label?.problem].filter((problem) => problem !== undefined)
  return {
    attributes: {
      user,
      verb: resource.verb ?? "",
      namespace: resource.namespace ?? "",
      apiGroup: resource.group ?? "",
      apiVersion: resource.version ?? "",
      resource: resource.resource ?? "",
      subresource: resource.subresource ?? "",
      name: resource.name ?? "",
      ...requirements("fieldSelector", field?.requirements),
      ...requirements("labelSelector", label?.requirements),
    },
    ...(problems.length > 0 && { problem: problems.join("; ") }),
  }
}

function requirements(
  key: "fieldSelector" | "labelSelector",
  found: readonly SelectorRequirement[] | undefined,
): { [key: string]: readonly SelectorRequirement[] } {
  return found?.length ? { [key]: found } : {}
}

/** Upstream leaves out the kind. */
function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid({ group, kind: "" }, "", errors)
}

function subjectErrors(spec: SubjectAccessReviewSpec): FieldError[] {
  const errors = questionErrors(spec)
  if (spec.user || spec.groups?.length) return errors
  return [...errors, invalidValue("spec.user", "", "at least one of user or group must be specified")]
}

function questionErrors({ resourceAttributes, nonResourceAttributes }: Question): FieldError[] {
  const errors: FieldError[] = []
  if (resourceAttributes && nonResourceAttributes) {
    const why = "cannot be specified in combination with resourceAttributes"
    errors.push(invalidValue("spec.nonResourceAttributes", nonResourceAttributes, why))
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    errors.push(invalidValue("spec.resourceAttributes", null, why))
  }
  const path = "spec.resourceAttributes"
  errors.push(...selectorErrors(resourceAttributes?.fieldSelector, `${path}.fieldSelector`))
  errors.push(...selectorErrors(resourceAttributes?.labelSelector, `${path}.labelSelector`))
  return errors
}

function selectorErrors(
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
  path: string,
): FieldError[] {
  if (!selector) return []
  const { rawSelector, requirements = [] } = selector
  const errors: FieldError[] = []
  if (rawSelector && requirements.length > 0) {
    const why = "may not specified at the same time as requirements"
    errors.push(invalidValue(`${path}.rawSelector`, rawSelector, why))
  }
  if (!rawSelector && requirements.length === 0) {
    const why = `when ${path} is specified, requirements or rawSelector is required`
    errors.push(requiredValue(`${path}.requirements`, why))
  }
  for (const [index, requirement] of requirements.entries()) {
    errors.push(...requirementErrors(requirement, `${path}.requirements[${index}]`))
  }
  return errors
}

interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[]
}

/** Operators that only newer clients know are let through. */
function requirementErrors({ key, operator, values = [] }: Requirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  const needsValues = operator === "In" || operator === "NotIn"
  const needsNone = operator === "Exists" || operator === "DoesNotExist"
  if (needsValues && values.length === 0) {
    errors.push(requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  }
  if (needsNone && values.length > 0) {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    errors.push(forbiddenValue(`${path}.values`, why))
  }
  if (!key) errors.push(requiredValue(`${path}.key`, "must be specified"))
  return errors
}

function metadataErrors(metadata: object | undefined, why: string): FieldError[] {
  const isSet = ([key, value]: [string, unknown]) =>
    key !== "managedFields" && value !== "" && value !== null && value !== undefined
  const isEmpty = !Object.entries(metadata ?? {}).some(isSet)
  return isEmpty ? [] : [invalidValue("metadata", metadata, why)]
}
