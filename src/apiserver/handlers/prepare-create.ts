import { invalid } from "../../apimachinery/field-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { validateObjectMeta } from "../../apimachinery/validate-object-meta.ts"
import { type Random, safeSuffix, uuid } from "../../base/random.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { Mutable, Strategy, StrategyContext } from "../registry/strategy.ts"

const maxNameLength = 63
const suffixLength = 5

/** The namespace of the path is the object's; a body that says otherwise is a mistake. */
export function ensureNamespace(object: Mutable, namespaced: boolean, namespace: string): void {
  const { metadata } = object
  if (!namespaced) {
    delete (metadata as Partial<typeof metadata>).namespace
    return
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request")
  }
  metadata.namespace = namespace
}

/** The store is who minds, after everybody else has had their say. What is no number says nothing, and neither does 0. */
export function refuseVersion(resourceVersion: string | undefined): void {
  if (resourceVersion && Number(resourceVersion))
    throw new StatusError("Unknown", "resourceVersion should not be set on objects to be created", {
      code: 500,
    })
}

/** Makes a new object of the draft: what the writer may not say is taken out, what the server says is put in. */
export function prepareCreate({ strategy }: ServedResource, object: Mutable, context: StrategyContext): void {
  const { metadata } = object
  delete (metadata as Partial<typeof metadata>).resourceVersion
  wipeSystemFields(object)
  // Strategies may build on the uid: a Job selects its pods by its own.
  metadata.uid = uuid(context.server.random)
  metadata.creationTimestamp = context.now
  strategy.prepareForCreate(object, context)
}

/** What only the server may say: nobody gets to own it by saying it. */
export function wipeSystemFields({ metadata }: Mutable): void {
  const wiped: Partial<typeof metadata> = metadata
  delete wiped.selfLink
  delete wiped.uid
  delete wiped.creationTimestamp
  delete wiped.deletionTimestamp
  delete wiped.deletionGracePeriodSeconds
}

/** "web-" becomes "web-x7k2p"; "" when there is nothing to make a name of. */
export function generateName(
  { metadata }: Mutable,
  random: Random,
  { namesItself = false, generatesNothing = false }: Pick<Strategy, "namesItself" | "generatesNothing">,
): string {
  if (!metadata.generateName) return namesItself ? uuid(random) : ""
  if (generatesNothing) return metadata.generateName
  return metadata.generateName.slice(0, maxNameLength - suffixLength) + safeSuffix(random, suffixLength)
}

/** What errors call a kind: one that is kept as another group's is ruled as that one. */
export function ruledKind({ resource }: ServedResource): Pick<Resource, "group" | "kind"> {
  return { kind: resource.kind, group: resource.storedAs?.group ?? resource.group }
}

/** Throws StatusError Invalid with all that is wrong. */
export function validateCreate(served: ServedResource, object: Mutable, context: StrategyContext): void {
  const { strategy, registry } = served
  const nameRule = (name: string, prefix: boolean) => strategy.nameRule(name, prefix, object)
  const errors = [
    ...validateObjectMeta(object.metadata, registry.storage.namespaced, nameRule),
    ...strategy.validate(object, context),
  ]
  if (errors.length > 0) throw invalid(ruledKind(served), object.metadata.name, errors)
}
