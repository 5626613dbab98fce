/**
 * Garbage collector: what is owned by objects that are all gone, goes too; what is to outlive its owner is set free; and
 * an owner deleted in the foreground waits for what it owns.
 *
 * Follows every object of every resource that can be listed, watched and deleted, events apart. Deletes objects, and
 * changes owner references and the finalizers "orphan" and "foregroundDeletion".
 * Woken by every change in the graph of owners; the key is an object's uid.
 */
import { keyOf, type KubeObject, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { OwnerFinder, resourceFinder } from "./find-owners.ts"
import { followResources } from "../shared/follow-resources.ts"
import { foregroundFinalizer, type GraphNode, orphanFinalizer, OwnerGraph } from "./owner-graph.ts"
import { planChild, planOwner } from "./plan.ts"

export function createGarbageCollector(options: {
  readonly discover: () => Promise<Discovered>
}): ControllerDefinition {
  const graph = new OwnerGraph()
  let resources: () => Discovered["resources"] = () => []
  let enqueue: (key: ObjectKey) => void = () => {}
  const finder = new OwnerFinder(
    graph,
    resourceFinder(() => resources()),
  )
  const askAll = (uids: Iterable<string>) => {
    for (const uid of uids) enqueue({ name: uid })
  }

  return {
    name: "garbage-collector-controller",
    watches: [],
    workers: 20,
    attach(add, context) {
      // Until everything has been seen once, owners are missing everywhere: looking at each would be in vain.
      let synced = false
      enqueue = add
      resources = followResources(context, {
        discover: options.discover,
        onChange(resource, current, previous) {
          const uids = graph.observe(resource, current, previous)
          if (synced) askAll(uids)
        },
        onSynced() {
          synced = true
          askAll(Array.from(graph.uids()).filter((uid) => graph.needsAttention(uid)))
        },
      })
    },
    async reconcile({ name: uid }, context): Promise<Result> {
      // Observe.
      const node = graph.find(uid)
      if (!node) return done
      const dependents = graph.dependentsOf(uid)

      if (node.object.metadata.deletionTimestamp) {
        const plan = planOwner(node.object, dependents)
        if (plan.kind === "orphan") await orphan(context.client, node, plan.dependents)
        if (plan.kind === "release") await removeFinalizer(context.client, node, foregroundFinalizer)
        if (plan.kind === "wait") askAll(plan.dependents.map(({ object }) => object.metadata.uid))
        return done
      }
      const owners = await finder.find(node, context.client, context.events)
      await applyChildPlan(context, node, planChild(node.object, owners, dependents))
      return done
    },
  }
}

async function applyChildPlan(
  { client, log }: ReconcileContext,
  node: GraphNode,
  plan: ReturnType<typeof planChild>,
): Promise<void> {
  const { resource, object } = node
  if (plan.kind === "keep") return
  if (plan.kind === "dropOwners") return dropOwners(client, node, plan.uids)
  const current = plan.unblock ? await unblock(client, node) : object
  if (!current) return
  log.info("deleting", { resource: resource.plural, ...keyOf(object), policy: plan.policy })
  // Only as it was looked at: it may have another owner by now.
  const { uid, resourceVersion } = current.metadata
  await client
    .delete(resource, keyOf(object), {
      propagationPolicy: plan.policy,
      preconditions: { uid, resourceVersion },
    })
    .catch(ignoreNotFound)
}

async function unblock(client: Client, node: GraphNode): Promise<KubeObject | undefined> {
  const { ownerReferences = [] } = node.object.metadata
  if (!ownerReferences.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) return node.object
  const unblocked = ownerReferences.map((reference) => ({ ...reference, blockOwnerDeletion: false }))
  return patchMetadata(client, node, { ownerReferences: unblocked })
}

/** A dependent that has gone needs no setting free. */
async function orphan(client: Client, owner: GraphNode, dependents: readonly GraphNode[]): Promise<void> {
  const { uid } = owner.object.metadata
  await Promise.all(dependents.map((dependent) => dropOwners(client, dependent, [uid])))
  await removeFinalizer(client, owner, orphanFinalizer)
}

async function dropOwners(client: Client, node: GraphNode, uids: readonly string[]): Promise<void> {
  const left = (node.object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.includes(uid))
  await patchMetadata(client, node, { ownerReferences: left.length > 0 ? left : null })
}

async function removeFinalizer(client: Client, node: GraphNode, finalizer: string): Promise<void> {
  const left = (node.object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
  await patchMetadata(client, node, { finalizers: left.length > 0 ? left : null })
}

/** Fails with Conflict when the object has changed since it was seen: the lists replace what is there. */
async function patchMetadata(
  client: Client,
  { resource, object }: GraphNode,
  change: { readonly [K in "ownerReferences" | "finalizers"]?: KubeObject["metadata"][K] | null },
): Promise<KubeObject | undefined> {
  const { uid, resourceVersion } = object.metadata
  const body = { metadata: { uid, resourceVersion, ...change } }
  return client.patch(resource, keyOf(object), { type: "merge", body }).catch(ignoreNotFound)
}
