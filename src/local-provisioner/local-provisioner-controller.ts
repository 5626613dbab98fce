/**
 * Local provisioner: a claim of its class gets a directory on the node where its pod is to run, and the directory goes
 * when the claim does.
 *
 * Runs once in every process that has nodes, for those nodes' directories only, as a CSI driver's provisioner does that is
 * deployed per node. When a node is gone for good, so is its data: then what is left of it in the API goes.
 * Reads claims, volumes, storage classes and nodes; writes volumes, and the claims' status when they grow.
 * Woken by changes of claims, volumes and nodes. A key with a namespace is a claim's, one without is a volume's.
 */
import { Node } from "../api/core/v1/node.ts"
import { PersistentVolumeClaim } from "../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../api/core/v1/persistent-volume.ts"
import { storageClassOf } from "../api/core/v1/match-volume.ts"
import { StorageClass } from "../api/storage/v1/storage-class.ts"
import { keyOf, type ObjectKey } from "../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../apimachinery/status-error.ts"
import type { Cache } from "../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../client/controller.ts"
import {
  chooseNode,
  directoryName,
  finalizer,
  hostOf,
  isOurs,
  planVolume,
  volumeFor,
  volumeName,
  waitsForUs,
  whyImpossible,
} from "./plan.ts"
import type { VolumeDirectories } from "./volume-directories.ts"

/** The directories of a node of this process, or of one that can be asked from here; undefined for other nodes. */
export type DirectoriesOf = (node: Node) => VolumeDirectories | undefined

/** A node may be one of this process's that is not up yet. */
const lookAgainMs = 15_000

export function createLocalProvisionerController(directoriesOf: DirectoriesOf): ControllerDefinition {
  return {
    name: "local-provisioner",
    watches: [
      watch(PersistentVolumeClaim, (claim) => [
        ...(waitsForUs(claim) ? [keyOf(claim)] : []),
        ...(claim.spec.volumeName ? [{ name: claim.spec.volumeName }] : []),
      ]),
      watch(PersistentVolume, (volume) => (isOurs(volume) ? [keyOf(volume)] : []), {
        host: (volume) => (isOurs(volume) ? [hostOf(volume) ?? ""] : []),
      }),
      watch(StorageClass, () => []),
      watch(Node, keysOfAbandoned, undefined, () => true),
    ],
    reconcile: (key, context) =>
      key.namespace === undefined
        ? reconcileVolume(key, context, directoriesOf)
        : reconcileClaim(key, context, directoriesOf),
  }
}

async function reconcileClaim(
  key: ObjectKey,
  { client, cache, events }: ReconcileContext,
  directoriesOf: DirectoriesOf,
): Promise<Result> {
  // Observe.
  const claim = cache.find(PersistentVolumeClaim, key)
  const storageClass = claim && cache.find(StorageClass, { name: storageClassOf(claim) })
  if (!claim || !storageClass || !waitsForUs(claim)) return done
  if (cache.find(PersistentVolume, { name: volumeName(claim) })) return done

  // Decide.
  const countOn = (name: string) => cache.byIndex(PersistentVolume, "host", name).length
  const node = cache.find(Node, { name: chooseNode(claim, cache.list(Node), countOn) ?? "" })
  const directories = node && directoriesOf(node)
  if (!node || !directories) return requeueAfter(lookAgainMs)
  const impossible = whyImpossible(claim)
  if (impossible) {
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${impossible}`
    events.event(claim, "Warning", "ProvisioningFailed", message)
    return done
  }

  // Act.
  const message = `External provisioner is provisioning volume for claim "${key.namespace}/${key.name}"`
  events.event(claim, "Normal", "Provisioning", message)
  const path = await directories.create(directoryName(claim))
  try {
    await client.create(PersistentVolume, volumeFor(claim, storageClass, node, path))
  } catch (error) {
    if (!isStatusError(error, "AlreadyExists")) throw error
    // Another node was faster: the claim's data will be there.
    const present = await client.get(PersistentVolume, { name: volumeName(claim) })
    if (hostOf(present) !== hostnameOf(node)) await directories.remove(path)
    return done
  }
  const success = `Successfully provisioned volume ${volumeName(claim)}`
  events.event(claim, "Normal", "ProvisioningSucceeded", success)
  return done
}

async function reconcileVolume(
  key: ObjectKey,
  context: ReconcileContext,
  directoriesOf: DirectoriesOf,
): Promise<Result> {
  // Observe.
  const { cache, events } = context
  const volume = cache.find(PersistentVolume, key)
  if (!volume || !isOurs(volume)) return done
  const node = cache.list(Node).find((one) => hostnameOf(one) === hostOf(volume))
  const directories = node && directoriesOf(node)
  const { namespace, name = "", uid } = volume.spec.claimRef ?? {}
  const claim = cache.find(PersistentVolumeClaim, { namespace, name })

  // Decide.
  const plan = planVolume(volume, claim?.metadata.uid === uid ? claim : undefined)

  // Act.
  if (plan.kind === "keep") return done
  // Another process's, or, with its node, gone.
  if (node && !directories) return requeueAfter(lookAgainMs)
  switch (plan.kind) {
    case "grow":
      if (claim) await grow(context, volume, claim, plan.to)
      return done
    case "letGo":
      await release(context, volume)
      return done
    case "delete":
      try {
        await directories?.remove(volume.spec.local!.path)
      } catch (error) {
        events.event(volume, "Warning", "VolumeFailedDelete", String(error))
        throw error
      }
      await context.client.delete(PersistentVolume, key).catch(ignoreNotFound)
      await release(context, volume)
      return done
  }
}

/** A directory has no size of its own: what is promised grows. */
async function grow(
  { client, events }: ReconcileContext,
  { metadata }: PersistentVolume,
  claim: PersistentVolumeClaim,
  size: string,
): Promise<void> {
  events.event(claim, "Normal", "Resizing", `External resizer is resizing volume ${metadata.name}`)
  const capacity = { storage: size }
  await client.patch(PersistentVolume, metadata, { type: "merge", body: { spec: { capacity } } })
  const status = { ...claim.status, capacity: { ...claim.status.capacity, ...capacity } }
  await client.updateStatus(PersistentVolumeClaim, { ...claim, status })
  events.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")
}

/** Nothing of ours keeps the object any more. */
async function release({ client }: ReconcileContext, { metadata }: PersistentVolume): Promise<void> {
  const current = await client.get(PersistentVolume, metadata).catch(ignoreNotFound)
  if (!current?.metadata.finalizers?.includes(finalizer)) return
  const finalizers = current.metadata.finalizers.filter((one) => one !== finalizer)
  await client
    .update(PersistentVolume, { ...current, metadata: { ...current.metadata, finalizers } })
    .catch(ignoreNotFound)
}

function hostnameOf({ metadata }: Node): string {
  return metadata.labels?.["kubernetes.io/hostname"] ?? metadata.name
}

/** A node that comes or goes leaves its volumes to somebody else. */
function keysOfAbandoned(node: Node, cache: Cache): readonly ObjectKey[] {
  return cache.byIndex(PersistentVolume, "host", hostnameOf(node)).map(keyOf)
}
