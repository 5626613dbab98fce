import type { ComponentStatus } from "../../api/core/v1/component-status.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import { StoredObject } from "../watch-cache/stored-object.ts"
import { respondList, respondObject } from "../encoding/respond.ts"
import type { ServerResponse } from "../http/response.ts"
import { mainView } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"

/** GET componentstatuses: old and of little use, but people still ask. Never stored; answered by asking the parts. */
export async function listComponentStatuses(request: ResourceRequest): Promise<ServerResponse> {
  const stored = await Promise.all(componentNames.map((name) => ask(request, name)))
  return respondList(request, { revision: request.context.server.mirror.revision, items: stored })
}

export async function getComponentStatus(request: ResourceRequest): Promise<ServerResponse> {
  const { name, served } = request
  if (!componentNames.includes(name)) throw notFound(served.resource, name)
  return respondObject(request, 200, mainView(served), await ask(request, name))
}

const componentNames: readonly string[] = ["etcd-0"]

async function ask({ context }: ResourceRequest, name: string): Promise<StoredObject> {
  const condition = await context.server.store.currentRevision().then(
    () => ({ type: "Healthy", status: "True", message: "ok" }),
    (error: unknown) => ({ type: "Healthy", status: "False", message: String(error) }),
  )
  const object = {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name },
    conditions: [condition],
  } as unknown as ComponentStatus
  const decoder = { decode: () => object }
  return new StoredObject(decoder, name, 0, new Uint8Array())
}
