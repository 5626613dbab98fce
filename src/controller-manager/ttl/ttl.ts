/**
 * TTL: nodes are told for how long they may keep ConfigMaps and Secrets before they look again: the longer, the more nodes
 * there are to ask.
 *
 * Reads nodes; writes their annotation node.alpha.kubernetes.io/ttl. Woken by changes of nodes; a node learns of a new
 * size of the cluster with its own next change.
 */
import { Node } from "../../api/core/v1/node.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { type ControllerDefinition, done, watch } from "../../client/controller.ts"

const annotation = "node.alpha.kubernetes.io/ttl"

/** Sizes of the cluster; they overlap so that a cluster at the edge of one does not waver. */
const steps = [
  { least: 0, most: 100, ttlSeconds: 0 },
  { least: 90, most: 500, ttlSeconds: 15 },
  { least: 450, most: 1000, ttlSeconds: 30 },
  { least: 900, most: 2000, ttlSeconds: 60 },
  { least: 1800, most: Number.POSITIVE_INFINITY, ttlSeconds: 300 },
] as const

/** The step for `nodeCount` nodes, coming from step `current`. */
export function nextStep(current: number, nodeCount: number): number {
  let step = current
  while (nodeCount > steps[step]!.most) step++
  while (nodeCount < steps[step]!.least) step--
  return step
}

export function createTtlController(): ControllerDefinition {
  let step = 0
  return {
    name: "ttl-controller",
    watches: [watch(Node, (node) => [keyOf(node)])],
    async reconcile(key, { client, cache }) {
      step = nextStep(step, cache.list(Node).length)
      const node = cache.find(Node, key)
      const wanted = String(steps[step]!.ttlSeconds)
      if (!node || node.metadata.annotations?.[annotation] === wanted) return done
      const body = { metadata: { annotations: { [annotation]: wanted } } }
      await client.patch(Node, key, { type: "strategic", body }).catch(ignoreNotFound)
      return done
    },
  }
}
