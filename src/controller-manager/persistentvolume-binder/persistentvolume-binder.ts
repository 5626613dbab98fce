/**
 * PersistentVolume binder: claims get volumes, and volumes whose claim has gone are released.
 *
 * Reads claims, volumes, storage classes and pods; writes claims and volumes, and the status of both. Volumes are made and
 * deleted by provisioners (local-provisioner/, CSI drivers), which are told by annotations and phases.
 * Woken by changes of claims and volumes; claims that wait look again every 15 seconds. A key with a namespace is a
 * claim's, one without is a volume's.
 */
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { storageClassOf } from "../../api/core/v1/match-volume.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { StorageClass } from "../../api/storage/v1/storage-class.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { podsByClaim } from "../../api/core/v1/pod-claims.ts"
import { isTerminal } from "../shared/pods.ts"
import { bind, markForProvisioner, unbind, updateClaimStatus, updateVolumePhase } from "./apply.ts"
import { type ClaimPlan, type Notice, planClaim } from "./plan-claim.ts"
import { planVolume, type VolumePlan } from "./plan-volume.ts"

const lookAgainMs = 15_000

export const persistentVolumeBinderController: ControllerDefinition = {
  name: "persistentvolume-binder-controller",
  eventSource: "persistentvolume-controller",
  watches: [
    watch(PersistentVolumeClaim, (claim, cache) => [keyOf(claim), ...keysOfVolumes(claim, cache)], {
      unboundOfClass: unboundClassOf,
    }),
    watch(PersistentVolume, (volume, cache) => [keyOf(volume), ...keysOfClaims(volume, cache)], {
      class: (volume) => [storageClassOf(volume)],
      claim: claimOf,
    }),
    watch(StorageClass, ({ metadata }, cache) => keysOfUnbound(metadata.name, cache)),
    // They only say who is waited for; the claims' own time wakes.
    watch(Pod, () => [], podsByClaim),
  ],
  reconcile: (key, context) =>
    key.namespace === undefined ? reconcileVolume(key, context) : reconcileClaim(key, context),
}

async function reconcileClaim(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { cache } = context

  // Observe.
  const claim = cache.find(PersistentVolumeClaim, key)
  if (!claim) return done
  const name = `${key.namespace}/${key.name}`
  const candidates = new Set([
    ...cache.byIndex(PersistentVolume, "claim", name),
    ...cache.byIndex(PersistentVolume, "class", storageClassOf(claim)),
  ])

  // Decide.
  const plan = planClaim({
    claim,
    candidates: [...candidates],
    findVolume: (volume) => cache.find(PersistentVolume, { name: volume }),
    findClass: (one) => cache.find(StorageClass, { name: one }),
    classes: () => cache.list(StorageClass),
    unscheduledPods: () =>
      cache
        .byIndex(Pod, "claim", name)
        .filter((pod) => !isTerminal(pod) && !pod.spec.nodeName)
        .map(({ metadata }) => metadata.name),
  })

  // Act and report.
  await applyClaimPlan(context, claim, plan)
  const waits = plan.kind === "pending" || plan.kind === "provision" || plan.kind === "refuse"
  return waits ? requeueAfter(lookAgainMs) : done
}

async function applyClaimPlan(
  { client, events }: ReconcileContext,
  claim: PersistentVolumeClaim,
  plan: ClaimPlan,
): Promise<void> {
  const tell = ({ type, reason, message }: Notice) => events.event(claim, type, reason, message)
  switch (plan.kind) {
    case "bind":
      return bind(client, plan.volume, claim)
    case "pending":
      if (plan.notice) tell(plan.notice)
      await updateClaimStatus(client, claim, "Pending")
      return
    case "assignClass": {
      const spec = { ...claim.spec, storageClassName: plan.name }
      await client.update(PersistentVolumeClaim, { ...claim, spec })
      return
    }
    case "provision":
      await markForProvisioner(client, claim, plan.provisioner)
      return tell(waitingFor(plan.provisioner))
    case "refuse":
      return tell(plan.notice)
    case "lost":
      if (await updateClaimStatus(client, claim, "Lost")) tell(plan.notice)
  }
}

function waitingFor(provisioner: string): Notice {
  return {
    type: "Normal",
    reason: "ExternalProvisioning",
    message:
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
      "or manually by the system administrator. If volume creation is delayed, please verify that " +
      "the provisioner is running and correctly registered.",
  }
}

async function reconcileVolume(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  // Observe.
  const volume = context.cache.find(PersistentVolume, key)
  if (!volume) return done
  const claim = await findClaimOf(volume, context)

  // Decide and act.
  await applyVolumePlan(context, volume, claim, planVolume(volume, claim))
  return done
}

async function applyVolumePlan(
  { client, events }: ReconcileContext,
  volume: PersistentVolume,
  claim: PersistentVolumeClaim | undefined,
  plan: VolumePlan,
): Promise<void> {
  const tell = (about: PersistentVolume | PersistentVolumeClaim, { type, reason, message }: Notice) =>
    events.event(about, type, reason, message)
  switch (plan.kind) {
    case "wait":
      return
    case "phase":
      await updateVolumePhase(client, volume, plan.phase)
      return
    case "unbind":
      return unbind(client, volume)
    case "mismatch":
      tell(volume, plan.ofVolume)
      if (claim) tell(claim, plan.ofClaim)
      return
    case "release": {
      const { phase } = volume.status
      // What failed stays marked so, for people to see.
      if (phase !== "Released" && phase !== "Failed") await updateVolumePhase(client, volume, "Released")
      else if (plan.reclaim.kind === "fail") {
        const { notice } = plan.reclaim
        if (await updateVolumePhase(client, volume, "Failed", notice.message)) tell(volume, notice)
      }
    }
  }
}

/** The claim that the volume refers to. What the cache does not show, the server may: data hangs on it. */
async function findClaimOf(
  { spec, status }: PersistentVolume,
  { client, cache }: ReconcileContext,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace, name = "", uid } = spec.claimRef ?? {}
  if (!uid) return undefined
  const cached = cache.find(PersistentVolumeClaim, { namespace, name })
  if (cached?.metadata.uid === uid) return cached
  const isReleased = status.phase === "Released" || status.phase === "Failed"
  if (!cached && isReleased) return undefined
  const fresh = await client.get(PersistentVolumeClaim, { namespace, name }).catch(ignoreNotFound)
  return fresh?.metadata.uid === uid ? fresh : undefined
}

function claimOf({ spec }: PersistentVolume): readonly string[] {
  return spec.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : []
}

function unboundClassOf(claim: PersistentVolumeClaim): readonly string[] {
  return claim.spec.volumeName ? [] : [storageClassOf(claim)]
}

function keysOfVolumes(claim: PersistentVolumeClaim, cache: Cache): readonly ObjectKey[] {
  const { namespace, name } = claim.metadata
  const { volumeName } = claim.spec
  const referring = cache.byIndex(PersistentVolume, "claim", `${namespace}/${name}`).map(keyOf)
  return volumeName ? [...referring, { name: volumeName }] : referring
}

/** Whose volume it is; a free one may be what others of its class are waiting for. */
function keysOfClaims(volume: PersistentVolume, cache: Cache): readonly ObjectKey[] {
  const { claimRef } = volume.spec
  if (claimRef) return [{ namespace: claimRef.namespace, name: claimRef.name ?? "" }]
  return volume.status.phase === "Available" ? keysOfUnbound(storageClassOf(volume), cache) : []
}

function keysOfUnbound(className: string, cache: Cache): readonly ObjectKey[] {
  const ofNone = className === "" ? [] : cache.byIndex(PersistentVolumeClaim, "unboundOfClass", "")
  return [...cache.byIndex(PersistentVolumeClaim, "unboundOfClass", className), ...ofNone].map(keyOf)
}
