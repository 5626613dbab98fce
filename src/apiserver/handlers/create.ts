import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { alreadyExists, forbidden, generateNameConflict } from "../../apimachinery/status-errors.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import { ruledForm, servedForm, storedForm } from "../registry/versions.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import { keyIn, type ResourceRequest, strategyContext } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { admissionAttributes } from "./admit.ts"
import { trackOwnership } from "./managed-fields.ts"
import { dropDuplicateOwners } from "./owner-references.ts"
import {
  ensureNamespace,
  generateName,
  prepareCreate,
  refuseVersion,
  validateCreate,
  wipeSystemFields,
} from "./prepare-create.ts"
import { parseWriteOptions, type WriteOptions } from "./write-options.ts"

/** How often a generated name that is taken is replaced by another. */
const nameAttempts = 8

export async function create(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const options = parseWriteOptions(request.context.request.query, "CreateOptions")
  const draft = await decodeBody(request.context, view.kind, options.fieldValidation)
  ensureNamespace(draft, request.served.resource.namespaced, request.namespace)
  wipeSystemFields(draft)
  dropDuplicateOwners(request.context, draft, "as sent")
  await trackOwnership(request, view, options, undefined, draft)
  const stored = await createObject(request, draft, options)
  return respondObject(request, 201, view, stored)
}

/** From a decoded draft with its owners to the stored object; also for updates and applies of what does not exist. */
export async function createObject(
  request: ResourceRequest,
  draft: KubeObject,
  options: WriteOptions,
): Promise<StoredObject> {
  const { context, served } = request
  if (served.isEnding) throw forbidden(served.resource, draft.metadata.name, definitionEnds)
  const attributes = admissionAttributes(request, "CREATE", options, { object: draft, oldObject: undefined })
  const admitted = (await context.server.admission.mutate(attributes)) ?? draft
  // Admission hands back the draft itself, or a copy that may share frozen parts.
  const object = ruledForm(served, admitted === draft ? draft : completed(served, admitted))
  dropDuplicateOwners(context, object, "after admission")
  if (object.metadata.name) return storeNew(request, object, options).catch(whenTaken(request, object))
  for (let attempt = 1; ; attempt++) {
    const name = generateName(object, context.server.random, served.strategy)
    try {
      const named = { ...object, metadata: { ...object.metadata, name } } as Mutable
      return await storeNew(request, named, options)
    } catch (error) {
      if (!object.metadata.generateName || !isStatusError(error, "AlreadyExists")) throw error
      if (attempt === nameAttempts) throw generateNameConflict(served.resource, name, 1)
    }
  }
}

/** Who has named the object and asked for a name to be made is told of both. */
function whenTaken({ served: { resource } }: ResourceRequest, { metadata }: KubeObject) {
  return (error: unknown): never => {
    if (!metadata.generateName || !isStatusError(error, "AlreadyExists")) throw error
    throw generateNameConflict(resource, metadata.name, 1)
  }
}

const definitionEnds = "create not allowed while custom resource definition is terminating"

/** What admission has put in gets its defaults, too. */
function completed({ resource }: ServedResource, admitted: KubeObject): KubeObject {
  return applyDefaults(resource.schema, copyJson(admitted))
}

/** Prepare, validate, admit, store. `draft` is private, as its rules see it, and has its name. */
async function storeNew(
  request: ResourceRequest,
  draft: Mutable,
  options: WriteOptions,
): Promise<StoredObject> {
  const { context, served, namespace } = request
  const { strategy, registry } = served
  const { name, resourceVersion } = draft.metadata
  const strategyInput = strategyContext(request, options.dryRun)
  const { stored } = await registry.change(
    keyIn(served, namespace, name),
    async (current) => {
      // What is claimed may be lost to another writer: then all starts over from the draft.
      const object = strategy.allocate ? copyJson(draft) : draft
      const alongside = await strategy.allocate?.(object, undefined, strategyInput)
      prepareCreate(served, object, strategyInput)
      validateCreate(served, object, strategyInput)
      // What is wrong is told before what is there: writers mend their object first.
      if (current) {
        if (!options.dryRun) refuseVersion(resourceVersion)
        throw alreadyExists(served.resource, name)
      }
      context.warnings.push(...strategy.warnings(object, undefined))
      const shown = servedForm(served, object)
      const attributes = admissionAttributes(request, "CREATE", options, {
        object: shown,
        oldObject: undefined,
      })
      await context.server.admission.validate({ ...attributes, name })
      // A dry run does not get so far.
      if (!options.dryRun) refuseVersion(resourceVersion)
      const complete = await storedForm(served, object, context.signal)
      return { kind: "put", object: complete, ...(alongside && { alongside }) }
    },
    { dryRun: options.dryRun, signal: context.signal, mayLoseOwners: !options.isApply },
  )
  return stored
}
