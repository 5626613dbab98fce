import { formatTime } from "../apimachinery/time.ts"
import type { RequestContext } from "./context.ts"
import type { ServedResource } from "./registry/served-resources.ts"
import type { StrategyContext } from "./registry/strategy.ts"

/** A request about a served resource, as verb handlers get it. */
export interface ResourceRequest {
  readonly context: RequestContext
  readonly served: ServedResource
  /** "" for cluster-scoped resources and for all namespaces. */
  readonly namespace: string
  /** "" for collections. */
  readonly name: string
  readonly subresource: string
}

/** The object's key in its registry. */
export function keyIn(served: ServedResource, namespace: string, name: string): string {
  return served.resource.namespaced ? `${namespace}/${name}` : name
}

export function keyOf(request: ResourceRequest): string {
  return keyIn(request.served, request.namespace, request.name)
}

export function strategyContext({ context, namespace }: ResourceRequest, dryRun: boolean): StrategyContext {
  const { server, user } = context
  const warn = (text: string) => void context.warnings.push(text)
  return { server, user, namespace, now: formatTime(server.clock.now()), dryRun, warn }
}
