import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Change } from "../registry/registry.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import {
  objectAs,
  prepareObjects,
  ruledForm,
  ruledState,
  servedForm,
  storedForm,
} from "../registry/versions.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import { keyOf, type ResourceRequest, strategyContext } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { admissionAttributes } from "./admit.ts"
import { equalButVersion } from "./equal-objects.ts"
import { trackOwnership } from "./managed-fields.ts"
import { dropDuplicateOwners } from "./owner-references.ts"
import { prepareUpdate, validateUpdate } from "./prepare-update.ts"
import type { WriteOptions } from "./write-options.ts"

/**
 * Puts a new state in the place of the present one: mutate, prepare, validate, admit, store. Asked again when another
 * writer was faster. Gives undefined when there is no such object.
 *
 * @param next makes the new state in the served version from the present one: private, checked against its preconditions
 * @param tracksOwnership false when `next` has written the managedFields itself
 */
export async function replaceObject(
  request: ResourceRequest,
  view: View,
  options: WriteOptions,
  next: (current: KubeObject) => Mutable | Promise<Mutable>,
  tracksOwnership = true,
): Promise<StoredObject | undefined> {
  const { context, served } = request
  const strategy = strategyContext(request, options.dryRun)
  const decide = async (stored: StoredObject | undefined): Promise<Change> => {
    if (!stored) return { kind: "none" }
    await prepareObjects(served, [stored], context.signal)
    const current = objectAs(served, stored)
    const wanted = await next(current)
    if (tracksOwnership) await trackOwnership(request, view, options, current, wanted)
    const object = await admitted(request, view, options, wanted, current)
    dropDuplicateOwners(context, object, "after admission")
    const old = ruledState(served, stored)
    const alongside = await served.strategy.allocate?.(object, old, strategy)
    prepareUpdate(view, object, old, strategy)
    validateUpdate(served, view, object, old, strategy)
    if (view.subresource === "") context.warnings.push(...served.strategy.warnings(object, old))
    await context.server.admission.validate(
      admissionAttributes(request, "UPDATE", options, {
        object: view.show(servedForm(served, object)),
        oldObject: view.show(current),
        kind: view.kind,
      }),
    )
    if (isGone(served, object)) {
      const released = await served.strategy.allocate?.(undefined, old, strategy)
      const last = await storedForm(served, object, context.signal)
      return { kind: "delete", last, ...(released && { alongside: released }) }
    }
    const complete = await storedForm(served, object, context.signal)
    if (!alongside && equalButVersion(complete, stored.object) && !served.registry.isStale(stored))
      return { kind: "none" }
    return { kind: "put", object: complete, ...(alongside && { alongside }) }
  }
  const { stored } = await served.registry.change(keyOf(request), decide, {
    dryRun: options.dryRun,
    signal: context.signal,
    mayLoseOwners: !options.isApply,
  })
  return stored
}

async function admitted(
  request: ResourceRequest,
  view: View,
  options: WriteOptions,
  wanted: Mutable,
  current: KubeObject,
): Promise<Mutable> {
  const { served, context } = request
  const shown = view.show(wanted)
  const attributes = admissionAttributes(request, "UPDATE", options, {
    object: shown,
    oldObject: view.show(current),
    kind: view.kind,
  })
  const result = (await context.server.admission.mutate(attributes)) ?? shown
  // What admission has put in gets its defaults, too.
  const object =
    result === shown
      ? wanted
      : view.take(current, applyDefaults(view.kind.schema, copyJson(result)) as Mutable)
  return ruledForm(served, object)
}

/** The last finalizer of an object that is being deleted has been taken off: now it goes. */
function isGone({ strategy }: ServedResource, object: Mutable): boolean {
  const { metadata } = object
  return (
    !strategy.isHeld?.(object) &&
    metadata.deletionTimestamp !== undefined &&
    !metadata.finalizers?.length &&
    !metadata.deletionGracePeriodSeconds
  )
}
