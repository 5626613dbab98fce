import type { RequestContext } from "../context.ts"
import type { ServerResponse } from "../http/response.ts"
import { encodeValue } from "./encode-value.ts"
import { contentTypes, type OutputFormat, plainJson } from "./output-format.ts"

/** A value that is no stored object: a Status, a review, a discovery document. */
export function respondPlain(
  context: Pick<RequestContext, "format">,
  status: number,
  value: object,
  headers: Record<string, string> = {},
): ServerResponse {
  // A Table of something that has no columns would be empty: the value itself is more use.
  const format: OutputFormat = context.format.as ? plainJson : context.format
  return {
    status,
    headers: { "content-type": contentTypes[format.media], ...headers },
    body: { kind: "object", value: () => value, encode: () => encodeValue(value, format) },
  }
}
