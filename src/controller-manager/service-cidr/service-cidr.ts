/**
 * Service CIDRs: a network is ready to give addresses to Services as soon as it is there, and a network that is deleted
 * stays until no Service is left that has an address of it alone
 * (https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/).
 *
 * Reads ServiceCIDRs and IPAddresses; writes the ServiceCIDRs' finalizer and condition. Woken by changes of both.
 */
import { IPAddress } from "../../api/networking/v1/ip-address.ts"
import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { hasFinalizer, withFinalizer, withoutFinalizer } from "../shared/finalizers.ts"
import { findOrphans, networksHolding } from "./plan.ts"

const finalizer = "networking.k8s.io/service-cidr-finalizer"

/** Until every API server knows that nothing more is to be given from a network. */
const graceMs = 10_000

export const serviceCidrController: ControllerDefinition = {
  name: "service-cidrs-controller",
  watches: [
    // Networks lie within one another: one's fate may be another's.
    watch(ServiceCIDR, (cidr, cache) => [cidr, ...cache.list(ServiceCIDR)].map(keyOf)),
    watch(IPAddress, (address, cache) => networksHolding(address, cache.list(ServiceCIDR)).map(keyOf)),
  ],
  reconcile,
}

async function reconcile({ name }: ObjectKey, context: ReconcileContext): Promise<Result> {
  const { client, cache, clock } = context
  const cidr = cache.find(ServiceCIDR, { name })
  if (!cidr) return done
  const { deletionTimestamp } = cidr.metadata
  if (deletionTimestamp === undefined) {
    const held = hasFinalizer(cidr, finalizer)
      ? cidr
      : await client.update(ServiceCIDR, withFinalizer(cidr, finalizer))
    await report(held, ready, context)
    return done
  }
  if (orphansOf(cidr, cache).length > 0) {
    await report(cidr, terminating, context)
    return done
  }
  const leftMs = Date.parse(deletionTimestamp) + graceMs - clock.now()
  if (leftMs > 0) return requeueAfter(leftMs)
  if (hasFinalizer(cidr, finalizer)) {
    await client.update(ServiceCIDR, withoutFinalizer(cidr, finalizer)).catch(ignoreNotFound)
  }
  return done
}

function orphansOf(cidr: ServiceCIDR, cache: Cache): readonly IPAddress[] {
  return findOrphans(cidr, cache.list(ServiceCIDR), cache.list(IPAddress))
}

interface Readiness {
  readonly status: "True" | "False"
  readonly reason: string
  readonly message: string
}

const ready: Readiness = { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" }
const terminating: Readiness = {
  status: "False",
  reason: "Terminating",
  message:
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
}

async function report(
  cidr: ServiceCIDR,
  wanted: Readiness,
  { client, clock }: ReconcileContext,
): Promise<void> {
  const conditions = cidr.status.conditions ?? []
  const { status, reason, message } = conditions.find(({ type }) => type === "Ready") ?? {}
  if (status === wanted.status && reason === wanted.reason && message === wanted.message) return
  const condition = { type: "Ready", ...wanted, lastTransitionTime: formatTime(clock.now()) }
  const others = conditions.filter(({ type }) => type !== "Ready")
  await client.updateStatus(ServiceCIDR, { ...cidr, status: { conditions: [...others, condition] } })
}
