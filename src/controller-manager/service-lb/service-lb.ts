/**
 * Service load balancer: Services of type LoadBalancer get addresses, those of the nodes. A finalizer holds each until its
 * addresses are taken back (https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/).
 *
 * Reads Services, nodes and EndpointSlices; writes the Services' `status.loadBalancer` and the finalizer.
 * Woken by changes of Services of that type, of what decides whether nodes serve, and (where only near endpoints count) of
 * EndpointSlices. All Services are one key, because a port given to one must be known before the next gets its own.
 */
import { Node } from "../../api/core/v1/node.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { serviceNameLabel } from "../endpointslice/plan.ts"
import { findCondition } from "../shared/conditions.ts"
import { hasFinalizer } from "../shared/finalizers.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"
import { type Assignment, assignAddresses, isOurs } from "./plan.ts"

const cleanupFinalizer = "service.kubernetes.io/load-balancer-cleanup"
const everyService: ObjectKey = { name: "services" }
const bySlice = {
  anyService: (slice: EndpointSlice): readonly string[] => [
    `${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel]}`,
  ],
}

export const serviceLoadBalancerController: ControllerDefinition = {
  name: "service-lb-controller",
  eventSource: "service-controller",
  watches: [
    watch(Service, (service) => (isOurs(service) || isHeld(service) ? [everyService] : [])),
    watch(Node, () => [everyService], undefined, servesAlike),
    watch(EndpointSlice, keysOfLocal, bySlice),
  ],
  workers: 1,
  reconcile: (_, context) => reconcile(context),
}

async function reconcile(context: ReconcileContext): Promise<Result> {
  const { cache } = context

  // Observe and decide.
  const services = cache.list(Service)
  const assignments = assignAddresses({
    services,
    nodes: cache.list(Node),
    nodesWithEndpoints: (service) => nodesWithEndpoints(service, cache),
  })
  const assigned = new Set(assignments.map(({ service }) => service))
  const former = services.filter((service) => !assigned.has(service) && isHeld(service))

  // Act.
  for (const assignment of assignments) await applyAssignment(context, assignment)
  for (const service of former) await takeBack(context, service)
  return done
}

async function applyAssignment(
  context: ReconcileContext,
  { service, ingress, problem }: Assignment,
): Promise<void> {
  if (!hasFinalizer(service, cleanupFinalizer))
    await patchStatus(context, service, { metadata: { finalizers: [cleanupFinalizer] } })
  if (semanticallyEqual(service.status.loadBalancer.ingress, ingress)) {
    if (problem)
      context.events.event(
        service,
        "Warning",
        "SyncLoadBalancerFailed",
        `Error syncing load balancer: ${problem}`,
      )
    return
  }
  context.events.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
  await writeIngress(context, service, ingress)
  if (ingress.length > 0)
    context.events.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
}

async function takeBack(context: ReconcileContext, service: Service): Promise<void> {
  context.events.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer")
  await writeIngress(context, service, [])
  const metadata = { "$deleteFromPrimitiveList/finalizers": [cleanupFinalizer] }
  if (hasFinalizer(service, cleanupFinalizer)) await patchStatus(context, service, { metadata })
  context.events.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")
}

function writeIngress(
  context: ReconcileContext,
  service: Service,
  ingress: Assignment["ingress"],
): Promise<void> {
  return patchStatus(context, service, {
    status: { loadBalancer: { ingress: ingress.length > 0 ? ingress : null } },
  })
}

/** Finalizers too, as upstream: the controller may write nothing else of a Service. */
async function patchStatus({ client }: ReconcileContext, service: Service, body: object): Promise<void> {
  await client
    .patch(Service, keyOf(service), { type: "strategic", body }, { subresource: "status" })
    .catch(ignoreNotFound)
}

function nodesWithEndpoints({ metadata }: Service, cache: Cache): ReadonlySet<string> {
  const slices = cache.byIndex(EndpointSlice, "anyService", `${metadata.namespace}/${metadata.name}`)
  const ready = slices.flatMap(({ endpoints = [] }) => endpoints.filter(({ conditions }) => conditions.ready))
  return new Set(ready.map(({ nodeName }) => nodeName).filter((name) => name !== undefined))
}

function keysOfLocal({ metadata }: EndpointSlice, cache: Cache): readonly ObjectKey[] {
  const name = metadata.labels?.[serviceNameLabel]
  const service = name ? cache.find(Service, { namespace: metadata.namespace, name }) : undefined
  return service && isOurs(service) && service.spec.externalTrafficPolicy === "Local" ? [everyService] : []
}

/** Something of a balancer is there, and it is not somebody else's. */
function isHeld(service: Service): boolean {
  const hasAddresses = (service.status.loadBalancer?.ingress?.length ?? 0) > 0
  return hasFinalizer(service, cleanupFinalizer) || (hasAddresses && !service.spec.loadBalancerClass)
}

/** What decides whether a node serves, and where. */
function servesAlike(current: Node, previous: Node): boolean {
  const ready = ({ status }: Node) => findCondition(status.conditions, "Ready")?.status
  return (
    ready(current) === ready(previous) &&
    semanticallyEqual(current.status.addresses, previous.status.addresses) &&
    sameMap(current.metadata.labels, previous.metadata.labels) &&
    current.metadata.deletionTimestamp === previous.metadata.deletionTimestamp
  )
}
