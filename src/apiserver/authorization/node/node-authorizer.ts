import { quote } from "../../../base/quote.ts"
import type { PolicyRule } from "../../../api/rbac/v1/policy-rule.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import {
  type Attributes,
  type Authorizer,
  type Decision,
  noOpinion,
  type ResourceAttributes,
  type UserRules,
} from "../authorizer.ts"
import { ruleAllows } from "../rbac/rule-allows.ts"
import type { NodeGraph } from "./node-graph.ts"

const allowed: Decision = { decision: "allowed", reason: "" }
const refused = (reason: string): Decision => ({ decision: "noOpinion", reason })

/**
 * Who calls as a node: member of `system:nodes` under the name `system:node:NAME`. Undefined: not a node; "": a node that
 * does not say which.
 */
export function findNodeName(user: UserInfo): string | undefined {
  if (!user.groups.includes("system:nodes")) return undefined
  const prefix = "system:node:"
  return user.name.startsWith(prefix) ? user.name.slice(prefix.length) : undefined
}

/**
 * A node may see what its pods need and nothing of other nodes (https://kubernetes.io/docs/reference/access-authn-authz/node/).
 * What it may write of that is limited further by the admission plugin NodeRestriction, which sees the objects.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #graph: NodeGraph
  readonly #rules: readonly PolicyRule[]

  /** `rules`: what all nodes may do, for resources that are not told apart here. */
  constructor(graph: NodeGraph, rules: readonly PolicyRule[]) {
    this.#graph = graph
    this.#rules = rules
  }

  authorize(attributes: Attributes): Decision {
    const node = findNodeName(attributes.user)
    if (node === undefined) return noOpinion
    if (node === "") return refused(`unknown node for user ${quote(attributes.user.name)}`)
    if (attributes.path === undefined) {
      const special = this.#special(node, attributes)
      if (special) return special
    }
    return this.#rules.some((rule) => ruleAllows(rule, attributes)) ? allowed : noOpinion
  }

  rulesFor(user: UserInfo): UserRules {
    const isNode = findNodeName(user) !== undefined
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      ...(isNode && { evaluationError: "node authorizer does not support user rule resolution" }),
    }
  }

  #special(node: string, attributes: ResourceAttributes): Decision | undefined {
    const { apiGroup, resource, subresource } = attributes
    switch (apiGroup ? `${resource}.${apiGroup}` : resource) {
      case "secrets":
      case "configmaps":
        return this.#readNamespaced(node, attributes)
      case "persistentvolumeclaims":
        return subresource === "status" ? this.#writeStatus(node, attributes) : this.#get(node, attributes)
      case "persistentvolumes":
      case "resourceclaims.resource.k8s.io":
      case "volumeattachments.storage.k8s.io":
        return this.#get(node, attributes)
      case "serviceaccounts":
        return this.#serviceAccount(node, attributes)
      case "leases.coordination.k8s.io":
        return this.#lease(node, attributes)
      case "csinodes.storage.k8s.io":
        return this.#csiNode(node, attributes)
      case "resourceslices.resource.k8s.io":
        return this.#resourceSlice(node, attributes)
      case "nodes":
        return this.#node(node, attributes)
      case "pods":
        return this.#pod(node, attributes)
      case "podcertificaterequests.certificates.k8s.io":
        return this.#podCertificateRequest(node, attributes)
      default:
        return undefined
    }
  }

  #related(node: string, { resource, namespace, name }: ResourceAttributes): Decision {
    if (name === "") return refused("No Object name found")
    return this.#graph.isRelated(node, resource, namespace, name)
      ? allowed
      : refused(`no relationship found between node '${node}' and this object`)
  }

  #get(node: string, attributes: ResourceAttributes): Decision {
    if (attributes.verb !== "get") return refused("can only get individual resources of this type")
    if (attributes.subresource !== "") return refused("cannot get subresource")
    return this.#related(node, attributes)
  }

  #writeStatus(node: string, attributes: ResourceAttributes): Decision {
    if (attributes.verb !== "update" && attributes.verb !== "patch")
      return refused("can only get/update/patch this type")
    return this.#related(node, attributes)
  }

  #readNamespaced(node: string, attributes: ResourceAttributes): Decision {
    if (!reads.has(attributes.verb)) return refused("can only read resources of this type")
    if (attributes.subresource !== "") return refused("cannot read subresource")
    if (attributes.namespace === "") return refused("can only read namespaced object of this type")
    return this.#related(node, attributes)
  }

  #serviceAccount(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource, name } = attributes
    if (verb === "get" && subresource === "") return this.#readNamespaced(node, attributes)
    if (verb !== "create" || name === "")
      return refused("can only create tokens for individual service accounts")
    if (subresource !== "token") return refused("can only create token subresource of serviceaccount")
    return this.#related(node, attributes)
  }

  #lease(node: string, { verb, namespace, name }: ResourceAttributes): Decision {
    if (!ownObjectVerbs.has(verb))
      return refused("can only get, create, update, patch, or delete a node lease")
    if (namespace !== "kube-node-lease")
      return refused('can only access leases in the "kube-node-lease" system namespace')
    // The name of a new object is NodeRestriction's to check: here it is not known yet.
    if (verb !== "create" && name !== node)
      return refused("can only access node lease with the same name as the requesting node")
    return allowed
  }

  #csiNode(node: string, { verb, subresource, name }: ResourceAttributes): Decision {
    if (!ownObjectVerbs.has(verb)) return refused("can only get, create, update, patch, or delete a CSINode")
    if (subresource !== "") return refused("cannot authorize CSINode subresources")
    if (verb !== "create" && name !== node)
      return refused("can only access CSINode with the same name as the requesting node")
    return allowed
  }

  #resourceSlice(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource } = attributes
    if (subresource !== "") return refused("cannot authorize ResourceSlice subresources")
    if (verb === "create") return allowed
    if (["get", "update", "patch", "delete"].includes(verb)) return this.#related(node, attributes)
    if (!["watch", "list", "deletecollection"].includes(verb))
      return refused(
        "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
      )
    return selectsNode(attributes, "spec.nodeName", node)
      ? allowed
      : refused("can only list/watch/deletecollection resourceslices with nodeName field selector")
  }

  #podCertificateRequest(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource } = attributes
    if (subresource !== "")
      return refused("nodes may not access the status subresource of PodCertificateRequests")
    if (verb === "create") return allowed
    if (verb === "get") return this.#related(node, attributes)
    if (verb !== "list" && verb !== "watch") return refused(`nodes may not ${verb} podcertificaterequests`)
    return selectsNode(attributes, "spec.nodeName", node)
      ? allowed
      : refused("can only list/watch podcertificaterequests with nodeName field selector")
  }

  #node(node: string, { verb, subresource, name }: ResourceAttributes): Decision {
    if (subresource === "status") return verb === "update" || verb === "patch" ? allowed : noOpinion
    if (subresource !== "") return noOpinion
    if (verb === "create" || verb === "update" || verb === "patch") return allowed
    if (!reads.has(verb)) return noOpinion
    if (name === node) return allowed
    return name === ""
      ? refused(`node '${node}' cannot read all nodes, only its own Node object`)
      : refused(`node '${node}' cannot read '${name}', only its own Node object`)
  }

  #pod(node: string, attributes: ResourceAttributes): Decision {
    const { verb, subresource, name } = attributes
    if (subresource === "status") return verb === "update" || verb === "patch" ? allowed : noOpinion
    if (subresource === "eviction") return verb === "create" ? allowed : noOpinion
    if (subresource !== "") return noOpinion
    if (verb === "create" || verb === "delete") return allowed
    if (verb === "get") return this.#get(node, attributes)
    if (verb !== "list" && verb !== "watch") return noOpinion
    if (selectsNode(attributes, "spec.nodeName", node)) return allowed
    return name === ""
      ? refused("can only list/watch pods with spec.nodeName field selector")
      : this.#related(node, attributes)
  }
}

const reads = new Set(["get", "list", "watch"])
const ownObjectVerbs = new Set(["get", "create", "update", "patch", "delete"])

function selectsNode({ fieldSelector }: ResourceAttributes, key: string, node: string): boolean {
  return (fieldSelector ?? []).some(
    (requirement) =>
      requirement.key === key &&
      requirement.operator === "In" &&
      requirement.values.length === 1 &&
      requirement.values[0] === node,
  )
}
