import type { FieldError } from "../../apimachinery/field-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ObjectNameRule } from "../../api/validation/kind-rules.ts"
import type { JsonObject } from "../../apimachinery/schema.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { ServerParts } from "../server-parts.ts"
import type { Alongside } from "./registry.ts"

/** An object that its holder alone knows and may change; every field may be absent or wrong. */
export type Mutable = KubeObject & JsonObject

export interface StrategyContext {
  readonly server: ServerParts
  readonly user: UserInfo
  /** "" for cluster-scoped kinds. */
  readonly namespace: string
  /** RFC 3339. */
  readonly now: string
  readonly dryRun: boolean
  /** Tells the writer something that does not stop the write. */
  readonly warn: (text: string) => void
}

/** What is special about one kind on its way into the store. Every part may be left out; see default-strategy.ts. */
export interface Strategy {
  readonly nameRule: ObjectNameRule
  /** An object without a name gets one that nobody else has. */
  readonly namesItself?: boolean
  /** `generateName` is the name: nothing could be appended to an address. */
  readonly generatesNothing?: boolean
  /** A PUT of an object that does not exist creates it. */
  readonly allowsCreateOnUpdate: boolean
  /** An update without resourceVersion replaces whatever is there. */
  readonly allowsUnconditionalUpdate: boolean
  /** Deleting answers with the last state instead of a Status. */
  readonly returnsDeletedObject: boolean
  /** What happens to dependents when the deleter does not say. */
  readonly garbageCollection: "background" | "orphan" | "unsupported"
  /** `metadata.generation` counts the changes of what is wished for: of anything beside metadata and status. */
  readonly hasGeneration: boolean
  /** A write of the status leaves labels, annotations, finalizers and owners as they are. */
  readonly statusKeepsMetadata: boolean
  /** Sets what the writer has no say in: status, allocated fields. Changes `object` in place. */
  prepareForCreate(object: Mutable, context: StrategyContext): void
  /** The same for a new state of an existing object. `old` is frozen. */
  prepareForUpdate(object: Mutable, old: KubeObject, context: StrategyContext): void
  /** For writes through the status subresource: everything but the status is the old object's. */
  prepareForStatusUpdate(object: Mutable, old: KubeObject, context: StrategyContext): void
  validate(object: KubeObject, context: StrategyContext): FieldError[]
  validateUpdate(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[]
  validateStatusUpdate(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[]
  /** For views of their own: "resize", "approval". */
  validateSubresource(
    subresource: string,
    object: KubeObject,
    old: KubeObject,
    context: StrategyContext,
  ): FieldError[]
  /** Texts for the writer that do not stop the write. */
  warnings(object: KubeObject, old: KubeObject | undefined): readonly string[]
  /**
   * For kinds that end gracefully: how long `object` gets, given what was asked for. Undefined: the kind does not, it is
   * removed at once.
   */
  gracePeriodSeconds?(object: KubeObject, requested: number | undefined): number
  /** Something beside its finalizers holds the object: deleting only marks it. */
  isHeld?(object: KubeObject): boolean
  /** Changes what else is to change when an object is marked as being deleted. In place. */
  prepareForDelete?(object: Mutable): void
  /** Resources claimed with the object or given back with it, in the same transaction. May set fields of `object`. */
  allocate?(
    object: Mutable | undefined,
    old: KubeObject | undefined,
    context: StrategyContext,
  ): Promise<Alongside | undefined> | Alongside | undefined
}
