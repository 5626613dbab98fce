import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "../../api/flowcontrol/v1/flow-schema.ts"
import { findServiceAccount } from "../authentication/service-account-user.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { RequestInfo } from "../request-info.ts"

/** Who asks. */
export interface Requester {
  readonly user: UserInfo
  /** The account behind the user, if it is one: held against many schemas, and taken out of the name but once. */
  readonly account: ReturnType<typeof findServiceAccount>
}

export function requesterOf(user: UserInfo): Requester {
  return { user, account: findServiceAccount(user.name) }
}

/** Whether a FlowSchema is about this request. */
export function matchesRequest({ spec }: FlowSchema, info: RequestInfo, requester: Requester): boolean {
  return (spec.rules ?? []).some((rule) => matchesRule(rule, info, requester))
}

function matchesRule(rule: PolicyRulesWithSubjects, info: RequestInfo, requester: Requester): boolean {
  if (!(rule.subjects ?? []).some((subject) => matchesSubject(subject, requester))) return false
  return info.isResource
    ? (rule.resourceRules ?? []).some((each) => matchesResource(each, info))
    : (rule.nonResourceRules ?? []).some((each) => matchesPath(each, info))
}

function matchesSubject(
  { kind, user: byName, group, serviceAccount }: Subject,
  { user, account }: Requester,
): boolean {
  switch (kind) {
    case "User":
      return byName?.name === "*" || byName?.name === user.name
    case "Group":
      return group?.name === "*" || user.groups.includes(group?.name ?? "")
    case "ServiceAccount":
      if (!account || account.namespace !== serviceAccount?.namespace) return false
      return serviceAccount.name === "*" || serviceAccount.name === account.name
    default:
      return false
  }
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!includes(rule.verbs, info.verb) || !includes(rule.apiGroups, info.group)) return false
  const what = info.subresource ? `${info.resource}/${info.subresource}` : info.resource
  if (!includes(rule.resources, what)) return false
  if (info.namespace === "" || info.resource === "namespaces") return rule.clusterScope === true
  return includes(rule.namespaces, info.namespace)
}

function matchesPath(
  { verbs, nonResourceURLs }: NonResourcePolicyRule,
  { verb, path }: RequestInfo,
): boolean {
  if (!includes(verbs, verb)) return false
  return (nonResourceURLs ?? []).some(
    (url) => url === "*" || url === path || (url.endsWith("/*") && path.startsWith(url.slice(0, -1))),
  )
}

function includes(list: readonly string[] | undefined, wanted: string): boolean {
  return list?.some((each) => each === "*" || each === wanted) ?? false
}
