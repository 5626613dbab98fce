import type { GroupVersion } from "../../apimachinery/meta.ts"
import { ListMeta } from "../../apimachinery/meta.ts"
import {
  APIGroup,
  APIGroupList,
  APIResourceList,
  APIVersions,
  StatusSchema,
  WatchEventSchema,
} from "../../apimachinery/meta-types.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import { bodyKinds } from "../index.ts"
import { DeleteOptions } from "../meta/v1/delete-options.ts"
import { BindingSchema } from "../core/v1/binding.ts"
import { Definitions, type Dialect, gvkOf, type JsonSchema } from "./definitions.ts"
import type { Descriptions } from "./descriptions.ts"
import { capitalize, groupNames } from "./group-names.ts"
import type { Operation } from "./operations.ts"
import { Patch } from "./patch.ts"

export const info = { title: "Kubernetes", version: "v1.36.0" }

export const security = {
  BearerToken: {
    type: "apiKey",
    name: "authorization",
    in: "header",
    description: "Bearer Token authentication",
  },
}

const metaKind = (kind: string, schema: ObjectSchema) => ({ group: "", version: "v1", kind, schema })

const metaKinds = {
  APIVersions: metaKind("APIVersions", APIVersions),
  APIGroupList: metaKind("APIGroupList", APIGroupList),
  APIGroup: metaKind("APIGroup", APIGroup),
  APIResourceList: metaKind("APIResourceList", APIResourceList),
  DeleteOptions: metaKind("DeleteOptions", DeleteOptions),
  Status: metaKind("Status", StatusSchema),
  WatchEvent: metaKind("WatchEvent", WatchEventSchema),
}

export function newDefinitions(
  dialect: Dialect,
  resources: readonly Resource[],
  descriptions: Descriptions,
): Definitions {
  const kinds = [...resources, ...bodyKinds, ...Object.values(metaKinds)]
  const named = kinds.flatMap((kind) =>
    kind.schema.name === undefined ? [] : [[kind.schema.name, kind] as const],
  )
  return new Definitions(dialect, new Map(named), descriptions)
}

/** The schema of a body that `operation` takes or gives. */
export function refFor(
  definitions: Definitions,
  resource: Resource,
  operation: Operation,
  part: Operation["body"] | Operation["answer"],
): JsonSchema {
  switch (part) {
    case "object":
      return definitions.refToKind(resource)
    case "list":
      return definitions.refToList(resource, ListMeta as ObjectSchema & { name: string })
    case "kind":
      return definitions.refToKind({ ...operation.kind, schema: schemaOfKind(operation.kind) })
    case "Patch":
      return definitions.refTo(Patch as ObjectSchema & { name: string })
    case "DeleteOptions":
      return refToMetaKind(definitions, metaKinds.DeleteOptions, resource)
    case "Status":
      return definitions.refToKind(metaKinds.Status)
    default:
      return { type: "string" }
  }
}

function schemaOfKind(kind: Operation["kind"]): ObjectSchema {
  if (kind.group === "" && kind.kind === "Binding") return BindingSchema
  const found = bodyKinds.find(
    (each) => each.group === kind.group && each.version === kind.version && each.kind === kind.kind,
  )
  if (!found) throw new Error(`nothing declares ${kind.kind} of ${kind.group}/${kind.version}`)
  return found.schema
}

/** DeleteOptions and WatchEvent are kinds of every group and version. */
function refToMetaKind(
  definitions: Definitions,
  metaKind: (typeof metaKinds)["DeleteOptions"],
  { group, version }: Pick<Resource, "group" | "version">,
): JsonSchema {
  const ref = definitions.refToKind(metaKind)
  const definition = definitions.all[metaKind.schema.name ?? ""]
  const kinds = definition?.["x-kubernetes-group-version-kind"] as ReturnType<typeof gvkOf>[]
  if (!kinds.some((each) => each.group === group && each.version === version)) {
    kinds.push(gvkOf({ group, version, kind: metaKind.kind }))
  }
  return ref
}

/** Whoever can list can watch. */
export function addWatchEvent(definitions: Definitions, resource: Resource): void {
  if (resource.verbs.includes("watch")) refToMetaKind(definitions, metaKinds.WatchEvent, resource)
}

/** What `GET` of a path that lists what is available does, in either dialect. */
export interface DiscoveryPath {
  readonly path: string
  readonly operationId: string
  readonly tag: string
  readonly kind: keyof typeof metaKinds
}

export function discoveryPaths({ group, version }: GroupVersion): DiscoveryPath[] {
  const { camelName, tag } = groupNames(group)
  const groupVersion = `${camelName}${capitalize(version)}`
  const root = group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`
  const resources = {
    path: root,
    operationId: `get${groupVersion}APIResources`,
    tag: `${tag}_${version}`,
    kind: "APIResourceList",
  } as const
  if (group === "") {
    return [{ path: "/api/", operationId: "getCoreAPIVersions", tag, kind: "APIVersions" }, resources]
  }
  return [
    { path: "/apis/", operationId: "getAPIVersions", tag: "apis", kind: "APIGroupList" },
    { path: `/apis/${group}/`, operationId: `get${camelName}APIGroup`, tag, kind: "APIGroup" },
    resources,
  ]
}

export function refToDiscovery(definitions: Definitions, { kind }: DiscoveryPath): JsonSchema {
  return definitions.refToKind(metaKinds[kind])
}
