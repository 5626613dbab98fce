import { noSuchMethod } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"

/**
 * What another component of the same process has to show, below `/debug/NAME`: it has no port of its own, and who may read
 * it is said by RBAC like for any other path. Undefined: there is no such path.
 */
export type Page = (path: readonly string[], query: URLSearchParams) => PageContent | undefined

export interface PageContent {
  readonly contentType: string
  readonly text: string
}

export function answerPage(
  { server, request }: RequestContext,
  [name = "", ...path]: readonly string[],
): ServerResponse | undefined {
  const content = server.pages.get(name)?.(path, request.query)
  if (!content) return undefined
  if (request.method !== "GET") throw noSuchMethod()
  return textResponse(200, content.text, { "content-type": content.contentType })
}
