import { StatusSchema } from "../../apimachinery/meta-types.ts"
import type { Status } from "../../apimachinery/status-error.ts"
import type { RequestContext } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import type { BodyKind } from "../registry/view.ts"
import { encodeValue } from "./encode-value.ts"
import { mediaTypes, type OutputFormat } from "./output-format.ts"

/** A value that is no stored object: a review, a discovery document. Without `kind` it never travels as protobuf. */
export function respondPlain(
  context: Pick<RequestContext, "format">,
  status: number,
  value: object,
  kind: BodyKind | undefined,
  headers: Record<string, string> = {},
): ServerResponse {
  const { media, pretty } = context.format
  const format: OutputFormat = { media: kind || media !== "protobuf" ? media : "json", pretty }
  return {
    status,
    headers: { "content-type": mediaTypes[format.media], ...headers },
    body: { kind: "object", value: () => value, encode: () => [encodeValue(value, format, kind)] },
  }
}

const statusKind: BodyKind = { group: "", version: "v1", kind: "Status", schema: StatusSchema }

export function respondStatus(
  context: Pick<RequestContext, "format">,
  code: number,
  status: Status,
  headers: Record<string, string> = {},
): ServerResponse {
  return respondPlain(context, code, status, statusKind, headers)
}

/** What actions answer that made something happen. */
export const created: Status = {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code: 201,
}
