import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { respondList } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ResourceRequest } from "../resource-request.ts"
import { nameOfKey, namespaceOfKey, type StoredObject } from "../watch-cache/stored-object.ts"
import { deleteObject, warnOfOrphans } from "./delete.ts"
import { parseDeleteOptions } from "./delete-options.ts"
import { readPage } from "./list.ts"
import { parseListOptions } from "./list-options.ts"
import { scopeOf } from "./selection.ts"

/** How many deletions are under way at once. */
const width = 32

/** Deletes what a list with these options would show; answers that list. Objects that go meanwhile are no failure. */
export async function deleteCollection(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served, namespace } = request
  const listOptions = parseListOptions(context.request.query, false)
  const scope = scopeOf(served, namespace, "", listOptions)
  const options = await parseDeleteOptions(context)
  warnOfOrphans(request, options)
  const page = await readPage(request, listOptions, scope)
  const next = page.items[Symbol.iterator]()
  const deleteSome = async () => {
    for (const stored of next) await deleteObject(forObject(request, stored), options).catch(ignoreNotFound)
  }
  await Promise.all(Array.from({ length: Math.min(width, page.items.length) }, deleteSome))
  return respondList(request, page)
}

function forObject(request: ResourceRequest, { key }: StoredObject): ResourceRequest {
  return { ...request, namespace: namespaceOfKey(key), name: nameOfKey(key) }
}
