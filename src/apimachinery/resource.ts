import type { GroupVersion, KubeObject } from "./meta.ts"
import type { JsonSchema } from "./json-schema/json-schema.ts"
import type { ObjectSchema, Typed } from "./schema.ts"

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection"

/** A function of an object; declared so that a `Resource<Pod>` can stand where any `Resource` is asked for. */
export type Reader<T, Rest extends unknown[], R> = { read(object: T, ...rest: Rest): R }["read"]

/** A column of the `Table` that `kubectl get` prints. */
/** What the API's documents say of a field, by the definition's name without its domain ("core.v1.PodSpec"). */
export interface FieldText {
  readonly definition: string
  readonly field: string
}

export interface Column<T> {
  readonly name: string
  readonly type: "string" | "integer" | "number" | "boolean" | "date"
  /** "name" marks the column that holds the object's name. */
  readonly format?: string
  readonly description?: string | FieldText
  /** 0 is always shown, 1 only with `-o wide`. @default 0 */
  readonly priority?: number
  /** The cell. `now` is for ages, in milliseconds since the epoch. */
  readonly cell: Reader<T, [now: number], string | number | boolean | null>
}

/** Where the scale subresource reads and writes, as paths without a leading dot: "spec.replicas". */
export interface ScalePaths {
  readonly specReplicas: string
  readonly statusReplicas: string
  /** A string path (custom resources) or "spec.selector" of a LabelSelector or a plain map. */
  readonly labelSelector?: string
}

/** A subresource that is not a part of the object: `pods/log`, `pods/binding`, `serviceaccounts/token`. */
export interface Subresource {
  readonly name: string
  /** Kind of the body it takes and gives, in discovery. */
  readonly kind: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
}

/**
 * Between a served version and the stored one. What is given is not changed, and may be shared with what comes back. The
 * caller sets apiVersion and kind.
 */
export interface Conversion<T extends KubeObject> {
  toStored(object: T): KubeObject
  fromStored(stored: KubeObject): T
}

/**
 * One served version of one kind: the only place that knows its names, scope, shape and looks. Built-in kinds declare it
 * in `api/`; a CustomResourceDefinition becomes one at run time.
 */
export interface Resource<T extends KubeObject = KubeObject> extends GroupVersion, Typed<T> {
  readonly kind: string
  readonly listKind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly Verb[]
  readonly schema: ObjectSchema
  /** Of custom resources: the schema as its definition has it, for OpenAPI. */
  readonly declaredSchema?: JsonSchema
  /** Has a `status` subresource: writes to the main resource leave `status` alone and the reverse. */
  readonly hasStatus: boolean
  readonly scale?: ScalePaths
  readonly subresources: readonly Subresource[]
  readonly columns: readonly Column<T>[]
  /** How a table lists them, where that is not by name. */
  readonly tableOrder?: Reader<T, [T], number>
  /** Fields that `fieldSelector` may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, Reader<T, [], string>>>
  /** The version whose form is stored, where several are served (`autoscaling/v2`). @default this version */
  readonly storedAs?: GroupVersion
  /** To and from `storedAs`, where that has another shape. @default only apiVersion differs */
  readonly conversion?: Conversion<T>
  /** What upstream's own form of the kind makes of an object as it is read. In place; throws Error in its words. */
  readonly normalize?: (object: KubeObject) => void
  /** The store's prefix as upstream lays it out, without slashes at the ends: "services/specs", "minions". */
  readonly storagePrefix: string
}

/** What a declaration may leave out. */
export interface ResourceDeclaration<T extends KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly schema: ObjectSchema & Typed<unknown>
  readonly listKind?: string
  readonly declaredSchema?: JsonSchema
  readonly singular?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs?: readonly Verb[]
  readonly hasStatus?: boolean
  readonly scale?: ScalePaths
  readonly subresources?: readonly Subresource[]
  readonly columns?: readonly Column<T>[]
  readonly tableOrder?: Reader<T, [T], number>
  readonly selectableFields?: Readonly<Record<string, Reader<T, [], string>>>
  readonly storedAs?: GroupVersion
  readonly conversion?: Conversion<T>
  readonly normalize?: (object: KubeObject) => void
  readonly storagePrefix?: string
}

export const allVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
]

/**
 * @example
 * export const Deployment = resource<Deployment>({
 *   group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true,
 *   shortNames: ["deploy"], categories: ["all"], hasStatus: true, schema: DeploymentSchema, columns: [...],
 * })
 */
export function resource<T extends KubeObject>(declaration: ResourceDeclaration<T>): Resource<T> {
  return {
    listKind: `${declaration.kind}List`,
    singular: declaration.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    hasStatus: false,
    subresources: [],
    columns: [],
    selectableFields: {},
    storagePrefix: declaration.plural,
    ...declaration,
  }
}

/** "deployments.apps"; "pods" for the core group. The key under which a resource is known regardless of version. */
export function groupResource(resource: { group: string; plural: string }): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural
}

/** The URL path of a collection, an object or a subresource. */
export function resourcePath(
  resource: { group: string; version: string; plural: string },
  address: {
    namespace?: string | undefined
    name?: string | undefined
    subresource?: string | undefined
  } = {},
): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`
  const namespace = address.namespace ? `/namespaces/${encodeURIComponent(address.namespace)}` : ""
  const name = address.name ? `/${encodeURIComponent(address.name)}` : ""
  const subresource = address.subresource ? `/${address.subresource}` : ""
  return `${root}${namespace}/${resource.plural}${name}${subresource}`
}
