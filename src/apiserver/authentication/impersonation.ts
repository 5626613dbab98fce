import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { dnsSubdomainProblems, domainPrefixedPathProblems } from "../../apimachinery/names.ts"
import type { Attributes, Authorizer, ResourceAttributes } from "../authorization/authorizer.ts"
import { forbiddenError } from "../authorization/forbidden.ts"
import {
  anonymousName,
  authenticatedGroup,
  type AuthenticationInput,
  mastersGroup,
  unauthenticatedGroup,
  type UserInfo,
} from "./authenticator.ts"
import { extraFromHeaders, firstHeader, headerLines } from "./headers.ts"
import { extraKeys, findServiceAccount, serviceAccountGroups } from "./service-account-user.ts"

/*
 * Acting as somebody else: `kubectl --as`, https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/.
 *
 * The old permission is the verb `impersonate` on users, groups, ...: whoever has it can do whatever that user can. Since
 * v1.36 there are narrower ones (KEP-5284): `impersonate:MODE` on whom, and `impersonate-on:MODE:VERB` on what is done as
 * them. The modes are tried from the narrowest; the old one comes last; when all refuse, the first refusal is told.
 */

export interface Impersonated {
  readonly user: UserInfo
  /** The verb that allowed it, for audit; absent for the old one. */
  readonly constraint?: string
}

/** Undefined when the request does not ask for it. `request` is what is asked, by whom it comes. Throws StatusError. */
export async function impersonate(
  headers: AuthenticationInput["headers"],
  request: Attributes,
  authorizer: Authorizer,
): Promise<Impersonated | undefined> {
  const wanted = wantedUser(headers)
  if (!wanted) return undefined
  let firstRefusal: unknown
  for (const mode of modes) {
    if (!mode.appliesTo(wanted, request.user)) continue
    try {
      return await mode.check(wanted, request, authorizer)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      firstRefusal ??= error
    }
  }
  throw firstRefusal
}

function wantedUser(headers: AuthenticationInput["headers"]): UserInfo | undefined {
  const name = firstHeader(headers, "impersonate-user")
  const uid = firstHeader(headers, "impersonate-uid")
  const groups = headerLines(headers, "impersonate-group")
  const extra = extraFromHeaders(headers, "impersonate-extra-")
  const hasMore = uid !== "" || groups.length > 0 || Object.keys(extra).length > 0
  if (name === "" && hasMore) {
    const wanted = JSON.stringify({ uid, groups, extra })
    throw badRequest(`requested ${wanted} without impersonating a user name`)
  }
  return name === "" ? undefined : { name, ...(uid && { uid }), groups, extra }
}

interface Mode {
  appliesTo(wanted: UserInfo, requestor: UserInfo): boolean
  check(wanted: UserInfo, request: Attributes, authorizer: Authorizer): Promise<Impersonated>
}

const modes: readonly Mode[] = [
  {
    ...constrained("associated-node"),
    // A ServiceAccount may act as the node its own pod runs on: the token says which.
    appliesTo: (wanted, requestor) =>
      isNameAlone(wanted) &&
      findServiceAccount(requestor.name) !== undefined &&
      findNode(wanted.name) !== undefined &&
      requestor.extra[extraKeys.nodeName]?.length === 1 &&
      requestor.extra[extraKeys.nodeName]?.[0] === findNode(wanted.name),
  },
  {
    ...constrained("arbitrary-node"),
    appliesTo: (wanted) => isNameAlone(wanted) && findNode(wanted.name) !== undefined,
  },
  {
    ...constrained("serviceaccount"),
    appliesTo: (wanted) => isNameAlone(wanted) && findServiceAccount(wanted.name) !== undefined,
  },
  {
    ...constrained("user-info"),
    appliesTo: ({ name }) => findNode(name) === undefined && findServiceAccount(name) === undefined,
  },
  {
    appliesTo: () => true,
    check: async (wanted, { user }, authorizer) => {
      await checkUser(wanted, user, authorizer, "impersonate", "")
      return { user: completeUser(wanted, findServiceAccountGroups(wanted)) }
    },
  },
]

function constrained(mode: string): Pick<Mode, "check"> {
  const verb = `impersonate:${mode}`
  return {
    async check(wanted, request, authorizer) {
      // What the authorizer is asked must not depend on which node it is: one permission is for all of them.
      const requestor = mode === "associated-node" ? withoutNode(request.user) : request.user
      await check({ ...request, user: requestor, verb: `impersonate-on:${mode}:${request.verb}` }, authorizer)
      refuseReserved(wanted, requestor, verb)
      await checkUser(wanted, requestor, authorizer, verb, "authentication.k8s.io")
      const groups = findNode(wanted.name) ? ["system:nodes"] : findServiceAccountGroups(wanted)
      return { user: completeUser(wanted, groups), constraint: verb }
    },
  }
}

/** Asks for each part of the wanted user whether `requestor` may take it on. */
async function checkUser(
  wanted: UserInfo,
  requestor: UserInfo,
  authorizer: Authorizer,
  verb: string,
  group: string,
): Promise<void> {
  await check(nameAttributes(wanted.name, requestor, verb, group), authorizer)
  const reserved = "authentication.k8s.io"
  if (wanted.uid) await check(attributesOf(requestor, verb, reserved, "uids", wanted.uid), authorizer)
  for (const name of wanted.groups)
    await check(attributesOf(requestor, verb, group, "groups", name), authorizer)
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const value of values) {
      const attributes = attributesOf(requestor, verb, reserved, "userextras", value)
      await check({ ...attributes, subresource: key }, authorizer)
    }
  }
}

function nameAttributes(name: string, requestor: UserInfo, verb: string, group: string): ResourceAttributes {
  const account = findServiceAccount(name)
  if (account) {
    const attributes = attributesOf(requestor, verb, group, "serviceaccounts", account.name)
    return { ...attributes, namespace: account.namespace }
  }
  const node = group === "" ? undefined : findNode(name)
  if (node === undefined) return attributesOf(requestor, verb, group, "users", name)
  return attributesOf(requestor, verb, group, "nodes", verb === "impersonate:associated-node" ? "*" : node)
}

function attributesOf(
  user: UserInfo,
  verb: string,
  apiGroup: string,
  resource: string,
  name: string,
): ResourceAttributes {
  return { user, verb, apiGroup, apiVersion: "v1", resource, subresource: "", namespace: "", name }
}

async function check(attributes: Attributes, authorizer: Authorizer): Promise<void> {
  const { decision, reason, evaluationError } = await authorizer.authorize(attributes)
  if (decision === "allowed") return
  throw forbiddenError(attributes, [evaluationError, reason].filter(Boolean).join(": "))
}

/** What the narrow modes never give, whatever the permissions. */
function refuseReserved({ groups, extra }: UserInfo, requestor: UserInfo, verb: string): void {
  const group = "authentication.k8s.io"
  const forGroup = (name: string) => attributesOf(requestor, verb, group, "groups", name)
  if (groups.includes(""))
    throw forbiddenError(forGroup(""), "impersonating the empty string group is not allowed")
  if (groups.includes(mastersGroup))
    throw forbiddenError(forGroup(mastersGroup), "impersonating the system:masters group is not allowed")
  for (const [key, values] of Object.entries(extra)) {
    const problem = extraProblem(key, values)
    if (problem) throw forbiddenError(attributesOf(requestor, verb, group, "userextras", ""), problem)
  }
}

function extraProblem(key: string, values: readonly string[]): string | undefined {
  if (key === "") return "impersonating the empty string key in extra is not allowed"
  const [problem] = domainPrefixedPathProblems(key)
  if (problem)
    return `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "${problem.part}": ${problem.problem}`
  if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: "${key}"`
  if (values.length === 0) return "impersonating empty values in extra is not allowed"
  if (values.includes("")) return "impersonating the empty string value in extra is not allowed"
  return undefined
}

function findServiceAccountGroups({ name, groups }: UserInfo): readonly string[] {
  const account = findServiceAccount(name)
  return account && groups.length === 0 ? serviceAccountGroups(account.namespace) : groups
}

function completeUser(wanted: UserInfo, groups: readonly string[]): UserInfo {
  const general =
    wanted.name === anonymousName || groups.includes(unauthenticatedGroup)
      ? unauthenticatedGroup
      : authenticatedGroup
  return { ...wanted, groups: groups.includes(general) ? groups : [...groups, general] }
}

function withoutNode(user: UserInfo): UserInfo {
  const keys = Object.keys(user.extra).sort()
  return { ...user, extra: { "authentication.kubernetes.io/associated-node-keys": keys } }
}

function isNameAlone({ uid, groups, extra }: UserInfo): boolean {
  return !uid && groups.length === 0 && Object.keys(extra).length === 0
}

function findNode(userName: string): string | undefined {
  const prefix = "system:node:"
  if (!userName.startsWith(prefix)) return undefined
  const name = userName.slice(prefix.length)
  return dnsSubdomainProblems(name).length === 0 ? name : undefined
}
