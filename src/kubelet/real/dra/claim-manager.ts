import type { Container } from "../../../api/core/v1/container.ts"
import type { ResourceStatus } from "../../../api/core/v1/container-status.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceClaim } from "../../../api/resource/v1/resource-claim.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { Client } from "../../../client/client.ts"
import {
  checkClaim,
  claimResources,
  claimReferences,
  type ClaimState,
  devicesOf,
  driversOf,
  type PreparedDevice,
  requestsOf,
} from "../../dra/plan-claims.ts"
import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import { ClaimError, type ContainerDevices, type PodClaims } from "../../node-host.ts"
import { readCheckpoint, writeCheckpoint } from "../checkpoint-file.ts"
import type { DeviceHealth } from "./device-health.ts"
import type { DraPlugins } from "./dra-plugins.ts"
import { injectDevices } from "./inject-devices.ts"

export interface ClaimManagerOptions {
  readonly client: Pick<Client, "get">
  readonly plugins: Pick<DraPlugins, "get">
  /** Where it is written down which claims are in use. */
  readonly checkpointPath: string
  readonly health: DeviceHealth
  readonly metrics: Pick<KubeletMetrics, "claimOperationDuration">
  readonly clock: Clock
  readonly log: Logger
}

/** By drivers that must be asked: the claims to name. */
type Batches = Map<string, ClaimState[]>

/**
 * The claims that pods of this node use: drivers make their devices ready before the first pod's containers start, and are told
 * when the last pod has ended. What they were asked is written down first, so that a kubelet that comes after can take it back.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4381-dra-structured-parameters
 */
export class ClaimManager implements PodClaims {
  readonly #options: ClaimManagerOptions
  /** By the claim's uid. */
  readonly #claims = new Map<string, ClaimState>()
  /** Uids of those that are ready; a kubelet that starts anew asks once more. */
  readonly #prepared = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ClaimManagerOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { checkpointPath, log } = this.#options
    const known = await readCheckpoint<ClaimState[]>(checkpointPath).catch((error: unknown) => {
      log.error("it is not known which claims drivers have made ready", { error })
      return undefined
    })
    for (const claim of known ?? []) this.#claims.set(claim.uid, claim)
  }

  prepare(pod: Pod): Promise<void> {
    if (!pod.spec.resourceClaims?.length && !pod.status.extendedResourceClaimStatus) return Promise.resolve()
    return this.#inTurn("PrepareResources", () => this.#prepare(pod)).catch((error: Error) => {
      throw new ClaimError(error.message, { cause: error })
    })
  }

  release(podUid: string): Promise<void> {
    if (!this.#claimsOf(podUid).length) return Promise.resolve()
    return this.#inTurn("UnprepareResources", () => this.#release(podUid))
  }

  /** Two pods that share a claim must not both ask for it, nor one while the other gives it back. */
  #inTurn(operation: string, work: () => Promise<void>): Promise<void> {
    const { clock, metrics } = this.#options
    const beganMs = clock.monotonic()
    const turn = this.#turn.then(work)
    const observe = (isError: boolean) =>
      metrics.claimOperationDuration.observe((clock.monotonic() - beganMs) / 1000, operation, String(isError))
    this.#turn = turn.then(
      () => observe(false),
      () => observe(true),
    )
    return turn
  }

  inUse(): ReadonlyMap<string, number> {
    const ready = [...this.#claims.values()].filter(({ uid }) => this.#prepared.has(uid))
    const counts = new Map<string, number>([["<any>", ready.length]])
    for (const { drivers } of ready)
      for (const driver of Object.keys(drivers)) counts.set(driver, (counts.get(driver) ?? 0) + 1)
    return counts
  }

  async #prepare(pod: Pod): Promise<void> {
    const { plugins } = this.#options
    const found = await this.#find(pod)
    // A driver that was never here could not be told that the pod is gone: before anything is noted all must be there.
    for (const claim of found) for (const driver of driversOf(claim)) plugins.get(driver)
    const claims = found.map((claim) => this.#note(pod, claim))
    await this.#write()
    const batches: Batches = new Map()
    for (const claim of claims) if (!this.#prepared.has(claim.uid)) addTo(batches, claim)
    for (const [driver, batch] of batches) {
      const devices = await plugins.get(driver).prepare(batch.map(referenceTo))
      for (const { uid } of batch) this.#setDevices(uid, driver, devices.get(uid) ?? [])
    }
    for (const { uid } of claims) this.#prepared.add(uid)
    if (batches.size > 0) await this.#write()
  }

  /** The claims of a pod, each checked. */
  async #find(pod: Pod): Promise<readonly ResourceClaim[]> {
    const { namespace } = pod.metadata
    const found: ResourceClaim[] = []
    for (const reference of claimReferences(pod)) {
      const { name } = reference
      const claim = await this.#options.client
        .get(ResourceClaim, { namespace, name })
        .catch((error: Error) => {
          throw new Error(`fetch ResourceClaim ${name}: ${error.message}`, { cause: error })
        })
      checkClaim(pod, claim, reference)
      found.push(claim)
    }
    return found
  }

  #note(pod: Pod, claim: ResourceClaim): ClaimState {
    const { uid, name, namespace = "" } = claim.metadata
    const other = [...this.#claims.values()].find(
      (each) => each.name === name && each.namespace === namespace && each.uid !== uid,
    )
    if (other)
      throw new Error(
        `old ResourceClaim with same name ${name} and different UID ${other.uid} still exists (previous pod force-deleted?!)`,
      )
    const drivers = Object.fromEntries(driversOf(claim).map((driver) => [driver, []]))
    const known = this.#claims.get(uid) ?? { uid, name, namespace, podUids: [], drivers }
    const noted = { ...known, podUids: [...new Set([...known.podUids, pod.metadata.uid])] }
    this.#claims.set(uid, noted)
    return noted
  }

  #setDevices(uid: string, driver: string, devices: readonly PreparedDevice[]): void {
    const claim = this.#claims.get(uid)!
    this.#claims.set(uid, { ...claim, drivers: { ...claim.drivers, [driver]: devices } })
  }

  /** The claims of a pod that one of its containers uses. */
  claimsFor(pod: Pod, container: Container): readonly ClaimState[] {
    const names = requestsOf(pod, container)
    return this.#claimsOf(pod.metadata.uid).filter(({ name }) => names.has(name))
  }

  async devicesOf(pod: Pod, container: Container): Promise<ContainerDevices> {
    const ids: string[] = []
    for (const [name, requests] of requestsOf(pod, container)) {
      const claim = this.#claimsOf(pod.metadata.uid).find((each) => each.name === name)
      if (!claim) throw new Error(`unable to get claim info for ResourceClaim ${name}`)
      for (const request of requests)
        ids.push(...devicesOf(claim, request).flatMap(({ device }) => device.cdiDeviceIds))
    }
    return injectDevices([...new Set(ids)])
  }

  health(pod: Pod, container: Container): readonly ResourceStatus[] {
    return claimResources(pod, container).flatMap(({ resource, claim, request }) => {
      const known = this.#claimsOf(pod.metadata.uid).find(({ name }) => name === claim)
      const devices = (known && devicesOf(known, request)) ?? []
      const all = devices.map(({ driver, device }) => this.#options.health.of(driver, device))
      // Two devices may be one to the runtime.
      const resources = [...new Map(all.map((each) => [each.resourceID, each])).values()]
      return resources.length > 0 ? [{ name: resource, resources }] : []
    })
  }

  /** Of pods that use devices of this driver. */
  podsOf(driver: string): readonly string[] {
    return [...this.#claims.values()].flatMap(({ drivers, podUids }) => (driver in drivers ? podUids : []))
  }

  #claimsOf(podUid: string): readonly ClaimState[] {
    return [...this.#claims.values()].filter(({ podUids }) => podUids.includes(podUid))
  }

  async #release(podUid: string): Promise<void> {
    const own = this.#claimsOf(podUid)
    const last = own.filter(({ podUids }) => podUids.length === 1)
    const batches: Batches = new Map()
    for (const claim of last) {
      addTo(batches, claim)
      this.#prepared.delete(claim.uid)
    }
    for (const [driver, batch] of batches)
      await this.#options.plugins.get(driver).unprepare(batch.map(referenceTo))
    for (const claim of own) {
      if (last.includes(claim)) this.#claims.delete(claim.uid)
      else this.#claims.set(claim.uid, { ...claim, podUids: claim.podUids.filter((uid) => uid !== podUid) })
    }
    await this.#write()
  }

  /** Gives back what is left of pods that are not among `podUids`: they went while no kubelet was there. */
  async releaseOthers(podUids: ReadonlySet<string>): Promise<void> {
    const gone = new Set([...this.#claims.values()].flatMap((claim) => claim.podUids))
    for (const podUid of gone) {
      if (podUids.has(podUid)) continue
      await this.release(podUid).catch((error: unknown) =>
        this.#options.log.info("claims not given back, trying again", { podUid, error }),
      )
    }
  }

  #write(): Promise<void> {
    return writeCheckpoint(this.#options.checkpointPath, [...this.#claims.values()])
  }
}

function addTo(batches: Batches, claim: ClaimState): void {
  for (const driver of Object.keys(claim.drivers)) {
    const batch = batches.get(driver)
    if (batch) batch.push(claim)
    else batches.set(driver, [claim])
  }
}

function referenceTo({ uid, namespace, name }: ClaimState) {
  return { uid, namespace, name }
}
