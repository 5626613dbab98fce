import { Namespace } from "../../../api/core/v1/namespace.ts"
import type { ParamKind, ParamRef } from "../../../api/admissionregistration/v1/admission-policy.ts"
import type { MatchResources } from "../../../api/admissionregistration/v1/match-resources.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { AdmissionAttributes, AdmissionContext } from "../admission.ts"
import { findParams } from "./find-params.ts"
import { matchResources } from "./match-resources.ts"

export interface Policy extends KubeObject {
  readonly spec: {
    readonly paramKind?: ParamKind
    readonly matchConstraints?: MatchResources
    readonly failurePolicy?: string
  }
}

export interface Binding extends KubeObject {
  readonly spec: {
    readonly policyName?: string
    readonly paramRef?: ParamRef
    readonly matchResources?: MatchResources
  }
}

/** A policy that is to judge a request. */
export interface Invocation<P extends Policy, B extends Binding> {
  readonly policy: P
  readonly binding: B
  /** The version in which it wants to see the objects. */
  readonly resource: Resource
  readonly params: KubeObject | undefined
}

/** Something that keeps a policy from being used. */
export interface PolicyProblem<P extends Policy, B extends Binding> {
  readonly policy: P
  readonly binding?: B
  readonly message: string
}

export interface Invocations<P extends Policy, B extends Binding> {
  readonly invocations: readonly Invocation<P, B>[]
  readonly problems: readonly PolicyProblem<P, B>[]
}

/** All policies with all their bindings and all parameters of these that want to see the request, by name. */
export async function findInvocations<P extends Policy, B extends Binding>(
  policies: Resource<P>,
  bindings: Resource<B>,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): Promise<Invocations<P, B>> {
  const invocations: Invocation<P, B>[] = []
  const problems: PolicyProblem<P, B>[] = []
  const bound = context.cache.list(bindings)
  for (const policy of bound.length === 0 ? [] : context.cache.list(policies)) {
    const own = bound.filter(({ spec }) => spec.policyName === policy.metadata.name)
    if (own.length === 0) continue
    try {
      const resource = await matchResources(policy.spec.matchConstraints ?? {}, attributes, context)
      if (!resource) continue
      for (const binding of own) {
        const found = await invoke(policy, binding, resource, attributes, context)
        if (Array.isArray(found)) invocations.push(...found)
        else problems.push(found)
      }
    } catch (error) {
      problems.push({ policy, message: `failed to configure policy: ${(error as Error).message}` })
    }
  }
  return { invocations, problems }
}

async function invoke<P extends Policy, B extends Binding>(
  policy: P,
  binding: B,
  resource: Resource,
  attributes: AdmissionAttributes,
  context: AdmissionContext,
): Promise<Invocation<P, B>[] | PolicyProblem<P, B>> {
  const { matchResources: match, paramRef } = binding.spec
  try {
    if (match && !(await matchResources(match, attributes, context))) return []
    const params = findParams(policy.spec.paramKind, paramRef, attributes.namespace, context)
    return params.map((each) => ({ policy, binding, resource, params: each }))
  } catch (error) {
    return { policy, binding, message: `failed to configure binding: ${(error as Error).message}` }
  }
}

/** The request's namespace as expressions see it; of Namespaces themselves none. Throws StatusError when there is none. */
export async function namespaceOf(
  { kind, namespace }: AdmissionAttributes,
  { cache, client }: AdmissionContext,
): Promise<KubeObject | undefined> {
  const isNamespace = kind.kind === "Namespace" && kind.group === ""
  if (namespace === "" || isNamespace) return undefined
  const name = { name: namespace }
  return cache.find(Namespace, name) ?? client.get(Namespace, name)
}
