import { AuthorizerChain, alwaysAllowedPaths, mastersAuthorizer } from "./authorizer-chain.ts"
import type { Authorizer } from "./authorizer.ts"
import { NodeAuthorizer } from "./node/node-authorizer.ts"
import { NodeGraph } from "./node/node-graph.ts"
import type { ObjectFollower } from "./object-follower.ts"
import { nodeRules } from "./rbac/bootstrap/default-policy.ts"
import { RbacPolicy } from "./rbac/policy.ts"
import { RbacAuthorizer } from "./rbac/rbac-authorizer.ts"

export interface DefaultAuthorizer {
  readonly authorizer: Authorizer
  /** The check that nobody grants what they lack asks it. Undefined: roles mean nothing here. */
  readonly policy: RbacPolicy | undefined
  readonly graph: NodeGraph
  /** To be told of every object of the resources they name, before the first request is judged. */
  readonly followers: readonly ObjectFollower[]
  /** Puts others in the place of the links; RBAC and Node must stay if they were there, and only then. */
  use(links: readonly AuthorizerLink[]): void
}

/** A link of the chain: one that is made here, or one that the caller has made (a webhook). */
export type AuthorizerLink = "Node" | "RBAC" | "AlwaysAllow" | "AlwaysDeny" | Authorizer

const always = (decision: "allowed" | "noOpinion", reason = ""): Authorizer => ({
  authorize: () => ({ decision, reason }),
  rulesFor: () => ({
    resourceRules: decision === "allowed" ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [],
    nonResourceRules: decision === "allowed" ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : [],
    incomplete: false,
  }),
})

/** @param links in their order; upstream's `--authorization-mode`. @default Node and RBAC, as kubeadm sets it */
export function createDefaultAuthorizer(
  links: readonly AuthorizerLink[] = ["Node", "RBAC"],
): DefaultAuthorizer {
  const policy = new RbacPolicy()
  const graph = new NodeGraph()
  const make = (link: AuthorizerLink): Authorizer => {
    switch (link) {
      case "Node":
        return new NodeAuthorizer(graph, nodeRules())
      case "RBAC":
        return new RbacAuthorizer(policy)
      case "AlwaysAllow":
        return always("allowed")
      case "AlwaysDeny":
        return always("noOpinion", "Everything is forbidden.")
      default:
        return link
    }
  }
  const chainOf = (all: readonly AuthorizerLink[]) =>
    new AuthorizerChain([
      mastersAuthorizer,
      alwaysAllowedPaths(["/healthz", "/readyz", "/livez"]),
      ...all.map(make),
    ])
  let chain = chainOf(links)
  return {
    authorizer: {
      authorize: (attributes) => chain.authorize(attributes),
      rulesFor: (user, namespace) => chain.rulesFor(user, namespace),
    },
    policy: links.includes("RBAC") ? policy : undefined,
    graph,
    followers: [policy, graph],
    use(others) {
      for (const kept of ["RBAC", "Node"] as const) {
        if (others.includes(kept) !== links.includes(kept))
          throw new Error(`authorizer ${kept} can neither be added nor removed while running`)
      }
      chain = chainOf(others)
    },
  }
}
