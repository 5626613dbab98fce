/**
 * Asking in an expression what a user may do: `authorizer.group("apps").resource("deployments").namespace("a")
 * .check("create").allowed()`. What authorizes is given from outside and may answer later: then evaluating stops with
 * `CheckPending`, and whoever evaluates waits and evaluates again (see evaluate-with-authorizer.ts).
 */
import { dnsLabelName, dnsSubdomainName } from "../../names.ts"
import { CelError, type CelOpaque, type CelResult } from "../values/value.ts"
import { overload } from "./function.ts"

export interface AuthorizationDecision {
  readonly allowed: boolean
  readonly reason: string
  /** "" when all went well. */
  readonly error: string
}

/** What an expression asks. */
export interface AuthorizationQuestion {
  /** Undefined: the user of the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly verb: string
  /** For paths that are no resources; the rest is empty then. */
  readonly path?: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector: string
  readonly labelSelector: string
}

/** Throws CheckPending when the answer is not there yet. */
export type AnswerQuestion = (question: AuthorizationQuestion) => AuthorizationDecision

/** Thrown through an evaluation; `settled` says when to evaluate again. */
export class CheckPending extends Error {
  readonly settled: Promise<unknown>

  constructor(settled: Promise<unknown>) {
    super("an authorization check is pending")
    this.settled = settled
  }
}

type Stage = "Authorizer" | "PathCheck" | "GroupCheck" | "ResourceCheck"

const empty: AuthorizationQuestion = {
  verb: "",
  group: "",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
  fieldSelector: "",
  labelSelector: "",
}

/** A question that is being put together. */
class CelAuthorizer implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName: string
  readonly answer: AnswerQuestion
  readonly question: AuthorizationQuestion

  constructor(stage: Stage, answer: AnswerQuestion, question: AuthorizationQuestion) {
    this.typeName = `kubernetes.authorization.${stage}`
    this.answer = answer
    this.question = question
  }

  with(stage: Stage, part: Partial<AuthorizationQuestion>): CelAuthorizer {
    return new CelAuthorizer(stage, this.answer, { ...this.question, ...part })
  }

  equals(other: CelOpaque): boolean {
    return other === this
  }
}

class CelDecision implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.authorization.Decision"
  readonly decision: AuthorizationDecision

  constructor(decision: AuthorizationDecision) {
    this.decision = decision
  }

  equals(other: CelOpaque): boolean {
    return other === this
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(answer: AnswerQuestion): CelOpaque {
  return new CelAuthorizer("Authorizer", answer, empty)
}

/** The value of `authorizer.requestResource`: what the request itself is about. */
export function resourceCheckValue(
  answer: AnswerQuestion,
  subject: Pick<AuthorizationQuestion, "group" | "resource" | "subresource" | "namespace" | "name">,
): CelOpaque {
  return new CelAuthorizer("ResourceCheck", answer, { ...empty, ...subject })
}

const types = "kubernetes.authorization"

function resourcePart(name: "subresource" | "namespace" | "name", id: string) {
  const signature = `${types}.ResourceCheck.${name}(string): ${types}.ResourceCheck`
  return overload(id, signature, (check: CelAuthorizer, value: string) =>
    check.with("ResourceCheck", { [name]: value }),
  )
}

function selector(name: "fieldSelector" | "labelSelector") {
  const signature = `${types}.ResourceCheck.${name}(string): ${types}.ResourceCheck`
  return overload(`authorizer_${name.toLowerCase()}`, signature, (check: CelAuthorizer, value: string) =>
    check.with("ResourceCheck", { [name]: value }),
  )
}

function check(stage: Stage, id: string) {
  return overload(
    id,
    `${types}.${stage}.check(string): ${types}.Decision`,
    ({ answer, question }: CelAuthorizer, verb: string) => new CelDecision(answer({ ...question, verb })),
  )
}

function outcome(name: string, type: string, read: (decision: AuthorizationDecision) => CelResult) {
  return overload(`decision_${name}`, `${types}.Decision.${name}(): ${type}`, ({ decision }: CelDecision) =>
    read(decision),
  )
}

export const authorizerFunctions = [
  overload(
    "authorizer_path",
    `${types}.Authorizer.path(string): ${types}.PathCheck`,
    (on: CelAuthorizer, path: string) =>
      path.trim() === "" ? new CelError("path must not be empty") : on.with("PathCheck", { path }),
  ),
  overload(
    "authorizer_group",
    `${types}.Authorizer.group(string): ${types}.GroupCheck`,
    (on: CelAuthorizer, group: string) => on.with("GroupCheck", { group }),
  ),
  overload(
    "authorizer_serviceaccount",
    `${types}.Authorizer.serviceAccount(string, string): ${types}.Authorizer`,
    (on: CelAuthorizer, namespace: string, name: string) => {
      if (dnsSubdomainName(name, false).length > 0) return new CelError("Invalid service account name")
      if (dnsLabelName(namespace, false).length > 0) return new CelError("Invalid service account namespace")
      return on.with("Authorizer", { serviceAccount: { namespace, name } })
    },
  ),
  overload(
    "groupcheck_resource",
    `${types}.GroupCheck.resource(string): ${types}.ResourceCheck`,
    (on: CelAuthorizer, resource: string) =>
      resource.trim() === ""
        ? new CelError("resource must not be empty")
        : on.with("ResourceCheck", { resource }),
  ),
  resourcePart("subresource", "resourcecheck_subresource"),
  resourcePart("namespace", "resourcecheck_namespace"),
  resourcePart("name", "resourcecheck_name"),
  selector("fieldSelector"),
  selector("labelSelector"),
  check("PathCheck", "pathcheck_check"),
  check("ResourceCheck", "resourcecheck_check"),
  outcome("errored", "bool", ({ error }) => error !== ""),
  outcome("error", "string", ({ error }) => error),
  outcome("allowed", "bool", ({ allowed }) => allowed),
  outcome("reason", "string", ({ reason }) => reason),
]
