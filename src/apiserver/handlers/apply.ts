import { applyServerSide } from "../../apimachinery/apply/apply-server-side.ts"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { isRecord, type JsonRecord } from "../../apimachinery/schema-plan.ts"
import { badRequest, conflict, notFound } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { jsonType } from "../encoding/body-kind.ts"
import { readBytes, yamlLines } from "../encoding/decode-body.ts"
import { respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { Mutable } from "../registry/strategy.ts"
import type { View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { authorizeCreation } from "./authorize-creation.ts"
import { createObject } from "./create.ts"
import { withConversions } from "./conversions.ts"
import { managedKind } from "./managed-fields.ts"
import { ensureNamespace } from "./prepare-create.ts"
import { checkVersion, ensureName } from "./prepare-update.ts"
import { replaceObject } from "./replace-object.ts"
import { parseWriteOptions, type WriteOptions } from "./write-options.ts"

/** Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). */
export async function apply(request: ResourceRequest, view: View): Promise<ServerResponse> {
  const { context, served, name } = request
  const options = parseWriteOptions(context.request.query, "PatchOptions", true)
  const applied = await readApplied(context, options)
  context.audit?.request(applied)
  const next = async (current: KubeObject) => {
    const merged = await merge(request, view, options, applied, view.managed?.show(current) ?? current)
    const object = view.managed?.take(current, merged) ?? merged
    checkVersion(served, object, current)
    return object
  }
  const stored = await replaceObject(request, view, options, next, false)
  if (stored) return respondObject(request, 200, view, stored)
  if (view.subresource !== "") throw notFound(served.resource, name)
  const created = await merge(request, view, options, applied, undefined)
  if (created.metadata.uid) {
    const why = `uid mismatch: the provided object specified uid ${created.metadata.uid}, and no existing object was found`
    throw conflict(served.resource, name, why)
  }
  delete (created.metadata as Partial<Mutable["metadata"]>).resourceVersion
  await authorizeCreation(request)
  return respondObject(request, 201, view, await createObject(request, created, options))
}

async function readApplied(context: RequestContext, { fieldValidation }: WriteOptions): Promise<unknown> {
  const { body } = context.request
  if (body.kind === "object") return body.value
  const strictErrors: string[] = []
  const value = parseApplied(await readBytes(context), strictErrors)
  if (strictErrors.length > 0 && fieldValidation === "Strict") {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${strictErrors.join(", ")}`)
  }
  if (fieldValidation === "Warn") context.warnings.push(...strictErrors.flatMap(yamlLines))
  return value
}

function parseApplied(bytes: Uint8Array, strictErrors: string[]): unknown {
  let value: unknown
  try {
    value = parseYaml(new TextDecoder().decode(bytes), strictErrors) ?? {}
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${(error as Error).message}`)
  }
  if (isRecord(value)) return value
  const why = `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`)
}

/** The configuration laid over the live object, complete and private, with its owners. */
async function merge(
  request: ResourceRequest,
  view: View,
  options: WriteOptions,
  applied: unknown,
  live: KubeObject | undefined,
): Promise<Mutable> {
  const { served, namespace, name, context } = request
  const result = await withConversions(request, (convert) => {
    const whole = managedKind(request, view, convert)
    const { schema, resetFields, inVersion } = view.managed?.kind(whole) ?? whole
    const merged = applyServerSide({
      schema,
      resetFields,
      ...(inVersion && { inVersion }),
      kind: view.kind,
      live: live as unknown as JsonRecord | undefined,
      applied,
      manager: options.fieldManager,
      force: options.force,
      subresource: view.subresource,
      now: context.server.clock.now(),
    })
    return applyDefaults(schema, merged)
  })
  const object = copyJson({ metadata: {}, ...result }) as unknown as Mutable
  ensureNamespace(object, served.resource.namespaced, namespace)
  ensureName(object, name)
  return object
}
