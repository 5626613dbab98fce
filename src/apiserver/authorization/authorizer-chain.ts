import { mastersGroup, type UserInfo } from "../authentication/authenticator.ts"
import { type Attributes, type Authorizer, type Decision, noOpinion, type UserRules } from "./authorizer.ts"

/**
 * Asks one authorizer after the other; the first that allows or denies decides. When none does, the reasons of all are
 * told.
 */
export class AuthorizerChain implements Authorizer {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  authorize(attributes: Attributes): Decision | Promise<Decision> {
    return this.#from(0, attributes, [])
  }

  async rulesFor(user: UserInfo, namespace: string): Promise<UserRules> {
    const all = await Promise.all(this.#authorizers.map(async (each) => each.rulesFor(user, namespace)))
    const errors = all.map(({ evaluationError }) => evaluationError).filter((error) => error !== undefined)
    return {
      resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
      nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
      incomplete: all.some(({ incomplete }) => incomplete),
      ...(errors.length > 0 && {
        evaluationError: errors.length === 1 ? errors[0]! : `[${errors.join(", ")}]`,
      }),
    }
  }

  // Stays synchronous while the authorizers do: that is every request of a cluster without webhooks.
  #from(start: number, attributes: Attributes, undecided: readonly Decision[]): Decision | Promise<Decision> {
    for (let index = start; index < this.#authorizers.length; index++) {
      const decision = this.#authorizers[index]!.authorize(attributes)
      if (decision instanceof Promise) {
        return decision.then((settled) =>
          isUndecided(settled) ? this.#from(index + 1, attributes, [...undecided, settled]) : settled,
        )
      }
      if (!isUndecided(decision)) return decision
      undecided = [...undecided, decision]
    }
    return joinUndecided(undecided)
  }
}

function isUndecided({ decision }: Decision): boolean {
  return decision === "noOpinion"
}

function joinUndecided(undecided: readonly Decision[]): Decision {
  const texts = (list: (string | undefined)[]) => list.filter((text) => text !== undefined && text !== "")
  const errors = texts(undecided.map(({ evaluationError }) => evaluationError))
  return {
    decision: "noOpinion",
    reason: texts(undecided.map(({ reason }) => reason)).join("\n"),
    ...(errors.length > 0 && { evaluationError: errors.join(", ") }),
  }
}

const allowed: Decision = { decision: "allowed", reason: "" }
const nothing: UserRules = { resourceRules: [], nonResourceRules: [], incomplete: false }

/** The way in when RBAC itself is broken: members of system:masters may do anything. */
export const mastersAuthorizer: Authorizer = {
  authorize: ({ user }) => (user.groups.includes(mastersGroup) ? allowed : noOpinion),
  // RBAC binds them to cluster-admin, which lists it.
  rulesFor: () => nothing,
}

/** `--authorization-always-allow-paths`: what probes ask, who have no credentials. "/healthz", or "/healthz/*". */
export function alwaysAllowedPaths(patterns: readonly string[]): Authorizer {
  return {
    authorize: ({ path }) =>
      path !== undefined && patterns.some((pattern) => matchesPath(pattern, path)) ? allowed : noOpinion,
    rulesFor: () => nothing,
  }
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}
