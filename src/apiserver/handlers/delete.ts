import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Status } from "../../apimachinery/status-error.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { respondObject } from "../encoding/respond.ts"
import { respondStatus } from "../encoding/respond-plain.ts"
import type { ServerResponse } from "../http/response.ts"
import { planDeletion } from "../registry/deletion.ts"
import type { Change } from "../registry/registry.ts"
import { objectAs, prepareObjects } from "../registry/versions.ts"
import type { View } from "../registry/view.ts"
import { keyOf, type ResourceRequest, strategyContext } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { admissionAttributes } from "./admit.ts"
import { type DeleteOptions, parseDeleteOptions } from "./delete-options.ts"

export async function deleteOne(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const options = await parseDeleteOptions(request.context)
  warnOfOrphans(request, options)
  const { stored, isRemoved } = await deleteObject(request, options)
  if (!isRemoved) {
    // It is still there, and the caller asked for its dependents to go first.
    const status = options.orphanDependents === false ? 202 : 200
    return respondObject(request, status, view, stored)
  }
  if (request.served.strategy.returnsDeletedObject) return respondObject(request, 200, view, stored)
  return respondStatus(request.context, 200, deletedStatus(request, stored.object))
}

/** For old clients' sake the pods of Jobs stay, which newer ones do not expect. */
export function warnOfOrphans({ served, context }: ResourceRequest, options: DeleteOptions): void {
  const { propagationPolicy, orphanDependents } = options
  if (served.resource.kind !== "Job" || served.strategy.garbageCollection !== "orphan") return
  if (propagationPolicy === undefined && orphanDependents === undefined) context.warnings.push(orphans)
}

const orphans =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"

/** Throws NotFound. */
export async function deleteObject(
  request: ResourceRequest,
  options: DeleteOptions,
): Promise<{ stored: StoredObject; isRemoved: boolean }> {
  const { context, served, name } = request
  const { admission, clock } = context.server
  const strategy = strategyContext(request, options.dryRun)
  const decide = async (stored: StoredObject | undefined): Promise<Change> => {
    if (!stored) throw notFound(served.resource, name)
    await prepareObjects(served, [stored], context.signal)
    const oldObject = objectAs(served, stored)
    const attributes = admissionAttributes(request, "DELETE", options, { object: undefined, oldObject })
    await admission.mutate(attributes)
    await admission.validate(attributes)
    const plan = planDeletion(served, stored.object, options, clock.now())
    if (plan.kind === "mark") return { kind: "put", object: plan.object }
    if (plan.kind === "none") return { kind: "none" }
    const alongside = await served.strategy.allocate?.(undefined, stored.object, strategy)
    return { kind: "delete", last: plan.last, ...(alongside && { alongside }) }
  }
  const { dryRun } = options
  const outcome = await served.registry.change(keyOf(request), decide, { dryRun, signal: context.signal })
  return { stored: outcome.stored, isRemoved: outcome.change === "delete" }
}

function deletedStatus({ served: { resource } }: ResourceRequest, { metadata }: KubeObject): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: metadata.name,
      ...(resource.group && { group: resource.group }),
      kind: resource.plural,
      uid: metadata.uid,
    },
  }
}
