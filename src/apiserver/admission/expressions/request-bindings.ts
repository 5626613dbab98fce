import { authorizerValue, resourceCheckValue } from "../../../apimachinery/cel/library/authorizer.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { Authorizer } from "../../authorization/authorizer.ts"
import type { VersionedAttributes } from "../webhooks/versioned-attributes.ts"
import { requestAuthorizer } from "./request-authorizer.ts"

/** Values of the variables of an expression, by name. */
export type Bindings = Readonly<Record<string, unknown>>

/** What expressions see of a request: the objects in the version that was asked for, and who asks for what. */
export function requestBindings(versioned: VersionedAttributes, authorizer: Authorizer): Bindings {
  const { attributes, object, oldObject } = versioned
  const { user, resource, subresource, namespace, name } = attributes
  const answer = requestAuthorizer(user, authorizer)
  const subject = { group: resource.group, resource: resource.plural, subresource, namespace, name }
  return {
    object: object ?? null,
    oldObject: oldObject ?? null,
    request: requestOf(versioned),
    namespaceObject: null,
    params: null,
    authorizer: authorizerValue(answer),
    "authorizer.requestResource": resourceCheckValue(answer, subject),
  }
}

function requestOf({ attributes, resource, kind }: VersionedAttributes): unknown {
  const { user, subresource, name, namespace, operation, dryRun, options } = attributes
  const { group, version, kind: requested } = attributes.kind
  return {
    kind,
    resource: tripleOf(resource),
    ...(subresource && { subResource: subresource, requestSubResource: subresource }),
    requestKind: { group, version, kind: requested },
    requestResource: tripleOf(attributes.resource),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: user.groups }),
      ...(Object.keys(user.extra).length > 0 && { extra: user.extra }),
    },
    dryRun,
    options: operation === "CONNECT" ? null : options,
  }
}

function tripleOf({ group, version, plural }: Resource) {
  return { group, version, resource: plural }
}

/** With what is known beside the request. */
export function withPolicyBindings(
  bindings: Bindings,
  namespace: KubeObject | undefined,
  params: KubeObject | undefined,
): Bindings {
  return { ...bindings, namespaceObject: namespace ?? null, params: params ?? null }
}
