/**
 * ResourceClaims: a pod that asks for devices by a template gets a claim of its own; devices of claims that no pod uses any
 * more are given back, and claims made for a pod go when it is done.
 *
 * Owns claims made from templates, by owner reference. Reads pods, claims and templates; writes claims, who has reserved
 * them, and in pods' status which claims are theirs.
 * Woken by changes of pods with claims, of claims, and by new templates. Keys are "pod:NAME" and "claim:NAME".
 */
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceClaimTemplate } from "../../api/resource/v1/resource-claim-template.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { controllerOf, keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import {
  claimNameOf,
  claimNamesOf,
  isMadeFor,
  type PodClaim,
} from "../../api/resource/pod-resource-claims.ts"
import { withoutFinalizer } from "../shared/finalizers.ts"
import { planClaim } from "./plan-claim.ts"
import {
  claimFinalizer,
  generateNameOf,
  isDone,
  mayReserve,
  podClaimAnnotation,
} from "./pod-resource-claims.ts"
import { messageOf } from "../../base/message-of.ts"

export const resourceClaimController: ControllerDefinition = {
  name: "resourceclaim-controller",
  eventSource: "resource_claim",
  workers: 10,
  watches: [
    watch(Pod, keysOfPod, { resourceClaim: resourceClaimsOf, resourceClaimTemplate: templatesOf }),
    watch(ResourceClaim, keysOfClaim),
    watch(ResourceClaimTemplate, ({ metadata }, cache) =>
      cache
        .byIndex(Pod, "resourceClaimTemplate", `${metadata.namespace}/${metadata.name}`)
        .map((pod) => podKey(keyOf(pod))),
    ),
  ],
  reconcile(key, context) {
    const colon = key.name.indexOf(":")
    const target = { namespace: key.namespace, name: key.name.slice(colon + 1) }
    return key.name.startsWith("pod:") ? reconcilePod(target, context) : reconcileClaim(target, context)
  },
}

async function reconcilePod(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, events } = context
  const pod = cache.find(Pod, key)
  if (!pod || pod.metadata.deletionTimestamp || isDone(pod)) return done
  const made: { name: string; resourceClaimName: string }[] = []
  for (const claim of pod.spec.resourceClaims ?? []) {
    try {
      const resourceClaimName = await ensureClaim(pod, claim, context)
      if (resourceClaimName) made.push({ name: claim.name, resourceClaimName })
    } catch (error) {
      const message = `PodResourceClaim ${claim.name}: ${messageOf(error)}`
      events.event(pod, "Warning", "FailedResourceClaimCreation", message)
      throw error
    }
  }
  if (made.length > 0) {
    const body = { metadata: { uid: pod.metadata.uid }, status: { resourceClaimStatuses: made } }
    await client.patch(Pod, key, { type: "strategic", body }, { subresource: "status" })
    return done
  }
  if (pod.spec.nodeName) await reserveAll(pod, context)
  return done
}

/** The name of the claim that was made for the pod and that its status does not tell yet. */
async function ensureClaim(
  pod: Pod,
  podClaim: PodClaim,
  { client, cache }: ReconcileContext,
): Promise<string | undefined> {
  const { namespace, name, uid } = pod.metadata
  const known = claimNameOf(pod, podClaim)
  const present = known === undefined ? undefined : cache.find(ResourceClaim, { namespace, name: known })
  const { resourceClaimTemplateName } = podClaim
  // "" says that none is needed.
  if (!resourceClaimTemplateName || known === "" || (present && isMadeFor(present, pod))) return undefined
  const [lost] = cache
    .ownedBy(ResourceClaim, uid)
    .filter(({ metadata }) => metadata.annotations?.[podClaimAnnotation] === podClaim.name)
  if (lost) return lost.metadata.name
  const template = cache.find(ResourceClaimTemplate, { namespace, name: resourceClaimTemplateName })
  if (!template)
    throw new Error(
      `resource claim template "${resourceClaimTemplateName}": resourceclaimtemplate.resource.k8s.io "${resourceClaimTemplateName}" not found`,
    )
  const { labels, annotations } = template.spec.metadata
  const created = await client.create(ResourceClaim, {
    metadata: {
      namespace,
      generateName: generateNameOf(pod, podClaim),
      labels,
      annotations: { ...annotations, [podClaimAnnotation]: podClaim.name },
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name, uid, controller: true }],
    },
    spec: template.spec.spec,
  })
  return created.metadata.name
}

/** A pod that got its node without the scheduler reserves by itself what is allocated already. */
async function reserveAll(pod: Pod, { client, cache }: ReconcileContext): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  for (const claimName of claimNamesOf(pod)) {
    const claim = cache.find(ResourceClaim, { namespace, name: claimName })
    if (!claim || !mayReserve(claim, pod)) continue
    const reservedFor = [...(claim.status.reservedFor ?? []), { resource: "pods", name, uid }]
    await client.updateStatus(ResourceClaim, { ...claim, status: { ...claim.status, reservedFor } })
  }
}

async function reconcileClaim(key: ObjectKey, context: ReconcileContext): Promise<Result> {
  // Observe.
  const { client, cache } = context
  const claim = cache.find(ResourceClaim, key)
  if (!claim) return done
  const gone = await findGone(claim, context)

  // Decide.
  const plan = planClaim(claim, ({ uid }) => !gone.has(uid))

  // Act.
  let current = claim
  if (plan.status) current = await client.updateStatus(ResourceClaim, { ...claim, status: plan.status })
  if (plan.release)
    await client.update(ResourceClaim, withoutFinalizer(current, claimFinalizer)).catch(ignoreNotFound)
  if (!current.status.reservedFor?.length && isLeftOver(claim, cache))
    await client.delete(ResourceClaim, key).catch(ignoreNotFound)
  return done
}

/** Uids of pods that have reserved the claim and need it no more. */
async function findGone(claim: ResourceClaim, { client, cache }: ReconcileContext): Promise<Set<string>> {
  const { namespace } = claim.metadata
  const gone = new Set<string>()
  for (const { apiGroup, resource, name, uid } of claim.status.reservedFor ?? []) {
    if (apiGroup || resource !== "pods") continue
    // What the cache does not show, the server may: a pod that was made a moment ago.
    const pod =
      cache.find(Pod, { namespace, name }) ??
      (await client.get(Pod, { namespace, name }).catch(ignoreNotFound))
    if (!pod || pod.metadata.uid !== uid || isDone(pod)) gone.add(uid)
  }
  return gone
}

/** It was made for a pod that is done; when that is gone altogether, the garbage collector takes it. */
function isLeftOver(claim: ResourceClaim, cache: Cache): boolean {
  const owner = controllerOf(claim)
  if (owner?.kind !== "Pod" || claim.metadata.deletionTimestamp) return false
  const pod = cache.find(Pod, { namespace: claim.metadata.namespace, name: owner.name })
  return pod !== undefined && (pod.metadata.uid !== owner.uid || isDone(pod))
}

function podKey({ namespace, name }: ObjectKey): ObjectKey {
  return { namespace, name: `pod:${name}` }
}

function claimKey({ namespace, name }: ObjectKey): ObjectKey {
  return { namespace, name: `claim:${name}` }
}

function keysOfPod(pod: Pod, cache: Cache): readonly ObjectKey[] {
  if (!pod.spec.resourceClaims?.length && !pod.status.extendedResourceClaimStatus) return []
  const { namespace, uid } = pod.metadata
  const owned = cache.ownedBy(ResourceClaim, uid).map(({ metadata }) => metadata.name)
  const names = new Set([...claimNamesOf(pod), ...owned])
  return [podKey(keyOf(pod)), ...Array.from(names, (name) => claimKey({ namespace, name }))]
}

function keysOfClaim(claim: ResourceClaim, cache: Cache): readonly ObjectKey[] {
  const { namespace, name } = claim.metadata
  const pods = cache.byIndex(Pod, "resourceClaim", `${namespace}/${name}`)
  return [claimKey({ namespace, name }), ...pods.map((pod) => podKey(keyOf(pod)))]
}

function resourceClaimsOf(pod: Pod): readonly string[] {
  return claimNamesOf(pod).map((name) => `${pod.metadata.namespace}/${name}`)
}

function templatesOf(pod: Pod): readonly string[] {
  const names = (pod.spec.resourceClaims ?? []).map((claim) => claim.resourceClaimTemplateName)
  return names.filter((name) => name !== undefined).map((name) => `${pod.metadata.namespace}/${name}`)
}
