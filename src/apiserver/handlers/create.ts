import { alreadyExists, generateNameConflict } from "../../apimachinery/status-errors.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import { keyIn, type ResourceRequest, strategyContext } from "../resource-request.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import { admissionAttributes } from "./admit.ts"
import { ensureNamespace, nameAnew, prepareCreate, validateCreate } from "./prepare-create.ts"
import { parseWriteOptions, type WriteOptions } from "./write-options.ts"

/** How often a generated name that is taken is replaced by another. */
const nameAttempts = 8

export async function create(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const options = parseWriteOptions(request.context.request.query, "CreateOptions")
  const draft = await decodeBody(request.context, view.kind)
  ensureNamespace(draft, request.served.resource.namespaced, request.namespace)
  const stored = await createObject(request, draft, options)
  return respondObject(request, 201, view, stored)
}

/** From a decoded draft to the stored object; also for updates and applies of what does not exist. */
export async function createObject(
  request: ResourceRequest,
  draft: KubeObject,
  options: WriteOptions,
): Promise<StoredObject> {
  const { context, served, namespace } = request
  const { admission } = context.server
  const attributes = admissionAttributes(request, "CREATE", options, { object: draft, oldObject: undefined })
  const admitted = (await admission.mutate(attributes)) ?? draft
  const object = served.toStorage(privateCopy(admitted, draft)) as Mutable
  const strategy = strategyContext(request, options.dryRun)
  prepareCreate(served, object, strategy)
  for (let attempt = 1; ; attempt++) {
    validateCreate(served, object, strategy)
    await admission.validate({
      ...attributes,
      object: served.fromStorage(object),
      name: object.metadata.name,
    })
    try {
      return await store(request, object, options)
    } catch (error) {
      if (!object.metadata.generateName || !isStatusError(error, "AlreadyExists")) throw error
      if (draft.metadata.name) throw error
      if (attempt === nameAttempts) throw generateNameConflict(served.resource, object.metadata.name, 1)
      nameAnew(object, strategy)
    }
  }

  function store({ served }: ResourceRequest, object: Mutable, { dryRun }: WriteOptions) {
    const key = keyIn(served, namespace, object.metadata.name)
    return served.registry
      .change(
        key,
        async (current) => {
          if (current) throw alreadyExists(served.resource, object.metadata.name)
          const alongside = await served.strategy.allocate?.(object, undefined, strategy)
          return { kind: "put", object, ...(alongside && { alongside }) }
        },
        { dryRun, signal: context.signal },
      )
      .then(({ stored }) => stored)
  }
}

/** Admission hands back the draft itself, or a copy that may share frozen parts. */
function privateCopy(admitted: KubeObject, draft: KubeObject): KubeObject {
  return admitted === draft ? draft : structuredClone(admitted)
}
