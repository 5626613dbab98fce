/**
 * Namespace: when one is deleted, everything in it goes first, then the namespace itself.
 *
 * Reads namespaces and, of those being deleted, every object of every namespaced resource that discovery names; deletes
 * them; writes the namespace's conditions and takes away its finalizer "kubernetes".
 * Woken by changes of namespaces, by pods that leave a namespace being deleted, and by time while something is left.
 */
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { deleteContent, type Remaining } from "./delete-content.ts"
import { computeStatus } from "./status.ts"

/** The finalizer in `spec.finalizers` that stands for all of this. */
const finalizer = "kubernetes"

export function createNamespaceController(options: {
  readonly discover: () => Promise<Discovered>
}): ControllerDefinition {
  return {
    name: "namespace-controller",
    // What holds it may be gone a moment later: it is tried again every minute at least.
    backoff: { initialMs: 5, maxMs: 60_000 },
    watches: [
      watch(Namespace, (namespace) => [keyOf(namespace)]),
      watch(Pod, ({ metadata: { namespace = "" } }, cache) =>
        cache.find(Namespace, { name: namespace })?.metadata.deletionTimestamp ? [{ name: namespace }] : [],
      ),
    ],
    workers: 10,
    reconcile: (key, context) => reconcile(key, context, options.discover),
  }
}

async function reconcile(
  key: ObjectKey,
  { client, cache, clock, log }: ReconcileContext,
  discover: () => Promise<Discovered>,
): Promise<Result> {
  // Observe.
  const namespace = cache.find(Namespace, key)
  if (!namespace?.metadata.deletionTimestamp) return done
  if (!namespace.spec.finalizers?.includes(finalizer)) return done
  const { resources, stale } = await discover()

  // Act.
  const remaining = await deleteContent(client, resources, key.name)
  log.debug("deleted content", { namespace: key.name, left: remaining.counts.size })

  // Report. Groups that could not be discovered may hold objects: then the namespace stays.
  const status = computeStatus(namespace, remaining, stale, clock.now())
  const isEmpty = remaining.counts.size === 0 && remaining.errors.length === 0 && stale.length === 0
  if (!isEmpty) {
    await updateStatusIfChanged(client, Namespace, namespace, status)
    if (remaining.errors.length > 0) throw new Error(remaining.errors.join(", "))
    return requeueAfter(recheckMs(remaining))
  }
  const finalizers = namespace.spec.finalizers.filter((name) => name !== finalizer)
  const finished = { ...namespace, spec: { ...namespace.spec, finalizers } }
  await client.update(Namespace, finished, { subresource: "finalize" }).catch(ignoreNotFound)
  return done
}

/** Half the time its pods may take, or soon when finalizers hold something: others' work cannot be seen ending. */
function recheckMs({ graceSeconds }: Remaining): number {
  return graceSeconds > 0 ? (graceSeconds / 2 + 1) * 1000 : 2000
}
