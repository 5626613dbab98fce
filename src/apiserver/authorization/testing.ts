import type { UserInfo } from "../authentication/authenticator.ts"
import type { Attributes } from "./authorizer.ts"

/** "get pods/log.group namespace/name", or "get /path". A namespace alone ends with "/". */
export function parseQuestion(who: UserInfo, text: string): Attributes {
  const [verb = "", what = "", where = ""] = text.split(" ")
  if (what.startsWith("/")) return { user: who, verb, path: what }
  const [, resource = "", subresource = "", apiGroup = ""] = /^([^./]+)(?:\/([^.]+))?(?:\.(.*))?$/.exec(what)!
  const slash = where.indexOf("/")
  const namespace = slash < 0 ? "" : where.slice(0, slash)
  const name = where.slice(slash + 1)
  return { user: who, verb, apiGroup, apiVersion: "v1", resource, subresource, namespace, name }
}
