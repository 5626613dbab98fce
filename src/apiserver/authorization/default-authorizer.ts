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
  readonly policy: RbacPolicy
  readonly graph: NodeGraph
  /** To be told of every object of the resources they name, before the first request is judged. */
  readonly followers: readonly ObjectFollower[]
}

/** `--authorization-mode=Node,RBAC`, as kubeadm sets it. */
export function createDefaultAuthorizer(): DefaultAuthorizer {
  const policy = new RbacPolicy()
  const graph = new NodeGraph()
  const authorizer = new AuthorizerChain([
    mastersAuthorizer,
    alwaysAllowedPaths(["/healthz", "/readyz", "/livez"]),
    new NodeAuthorizer(graph, nodeRules()),
    new RbacAuthorizer(policy),
  ])
  return { authorizer, policy, graph, followers: [policy, graph] }
}
