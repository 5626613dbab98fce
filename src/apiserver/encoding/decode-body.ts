import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import { badRequest, requestEntityTooLarge, unsupportedMediaType } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import type { BodyKind } from "../registry/view.ts"
import type { Mutable } from "../registry/strategy.ts"

/** As upstream's `--max-request-body-bytes` is set: 3 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024

/** The body as the object that the path takes: complete in shape, private to the caller. */
export async function decodeBody(context: RequestContext, kind: BodyKind): Promise<Mutable> {
  const value = await readValue(context)
  return asKind(value, kind)
}

/** The body as a JSON value; undefined when there is none. */
export async function readValue(context: RequestContext): Promise<unknown> {
  const { body, headers } = context.request
  if (body.kind === "object") return structuredClone(body.value)
  if (body.kind === "none") return undefined
  if (body.kind === "stream") throw requestEntityTooLarge("streams are not objects")
  const mediaType = headerOf(headers, "content-type").split(";")[0]!.trim().toLowerCase()
  if (mediaType !== "" && mediaType !== "application/json") {
    throw unsupportedMediaType([
      "application/json",
      "application/yaml",
      "application/vnd.kubernetes.protobuf",
    ])
  }
  const text = new TextDecoder().decode(await body.read(maxBodyBytes))
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
}

/** Kind and version may be left out; when told they must be the path's. */
export function asKind(value: unknown, expected: BodyKind): Mutable {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind})`)
  }
  const apiVersion = formatGroupVersion(expected)
  const given = value as Partial<KubeObject>
  if (given.apiVersion && given.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`,
    )
  }
  if (given.kind && given.kind !== expected.kind) {
    throw badRequest(
      `${given.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}`,
    )
  }
  return { ...given, kind: expected.kind, apiVersion, metadata: given.metadata ?? {} } as Mutable
}
