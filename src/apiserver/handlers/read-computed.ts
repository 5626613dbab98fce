import type { KubeObject } from "../../apimachinery/meta.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { respondList, respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ComputedResource } from "../registry/computed-resource.ts"
import { mainView } from "../registry/view.ts"
import { keyIn, keyOf, type ResourceRequest } from "../resource-request.ts"
import { StoredObject } from "../watch-cache/stored-object.ts"
import { isInScope, matches } from "../watch-cache/watcher.ts"
import { parseListOptions } from "./list-options.ts"
import { scopeOf } from "./selection.ts"

/** GET of a resource that is not stored: `list` with selectors, or one by its name. */
export async function readComputed(
  request: ResourceRequest,
  computed: ComputedResource,
): Promise<ServerResponse> {
  const { context, served, namespace, name } = request
  const objects = (await computed.list(namespace)).map((object) => asStored(request, object))
  if (context.info.verb === "get") {
    const found = objects.find(({ key }) => key === keyOf(request))
    if (!found) throw notFound(served.resource, namespace ? `${namespace}/${name}` : name)
    return respondObject(request, 200, mainView(served), found)
  }
  const scope = scopeOf(served, namespace, "", parseListOptions(context.request.query, false))
  const items = objects.filter((each) => isInScope(each.key, scope) && matches(each, scope))
  return respondList(request, { revision: 0, items })
}

function asStored({ served }: ResourceRequest, object: KubeObject): StoredObject {
  const { namespace = "", name } = object.metadata
  return new StoredObject({ decode: () => object }, keyIn(served, namespace, name), 0, new Uint8Array())
}
