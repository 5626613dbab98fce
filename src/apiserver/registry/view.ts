import type { ManagedKind } from "../../apimachinery/apply/update-managed-fields.ts"
import type { FieldError } from "../../apimachinery/field-error.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import type { Column, Resource } from "../../apimachinery/resource.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import type { ServedResource } from "./served-resources.ts"
import type { Mutable, StrategyContext } from "./strategy.ts"

/**
 * What of an object a path shows and takes: the object itself, its status, its scale. The handlers of get, update and
 * patch are written once, over views.
 */
export interface View {
  readonly subresource: string
  /** Of the bodies that travel. */
  readonly kind: BodyKind
  /** Of what is shown, in a table. @default those of the object */
  readonly columns?: readonly Column<KubeObject>[]
  /** `show` gives the object itself. */
  readonly isWhole: boolean
  /** `object` is in the served version. */
  show(object: KubeObject): KubeObject
  /** Throws StatusError where there is nothing to be read of this object. */
  ensureReadable?(object: KubeObject): void
  /** A new state of the whole object with what was written put in. `written` is private, `current` frozen. */
  take(current: KubeObject, written: Mutable): Mutable
  /** For server-side apply, where bodies are of another kind than the object. */
  readonly managed?: ManagedView
  /** In the storage version, like everything the strategy sees. */
  prepare(object: Mutable, old: KubeObject, context: StrategyContext): void
  validate(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[]
}

/** How server-side apply sees a view that is not the object itself: as an object with owners of its own. */
export interface ManagedView {
  kind(whole: ManagedKind): ManagedKind
  /** The body with managedFields in terms of its own fields. */
  show(object: KubeObject): KubeObject
  /** The whole object with what was applied put in, owners included. */
  take(current: KubeObject, applied: Mutable): Mutable
}

export interface BodyKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly schema: ObjectSchema
  readonly normalize?: (object: Mutable) => void
}

/** The object itself. */
export function mainView({ resource, strategy }: ServedResource): View {
  return {
    subresource: "",
    kind: resource,
    isWhole: true,
    show: (object) => object,
    take: (_, written) => written,
    prepare: (object, old, context) => strategy.prepareForUpdate(object, old, context),
    validate: (object, old, context) => strategy.validateUpdate(object, old, context),
  }
}

/** The status; writes to anything else are ignored. */
export function statusView({ resource, strategy }: ServedResource): View {
  return {
    subresource: "status",
    kind: resource,
    isWhole: true,
    show: (object) => object,
    take: (_, written) => written,
    prepare: (object, old, context) => strategy.prepareForStatusUpdate(object, old, context),
    validate: (object, old, context) => strategy.validateStatusUpdate(object, old, context),
  }
}

export function apiVersionOf(kind: Pick<Resource, "group" | "version">): string {
  return formatGroupVersion(kind)
}
