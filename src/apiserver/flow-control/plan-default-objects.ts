import type { KubeObject } from "../../apimachinery/meta.ts"
import { semanticEqual } from "../../api/validation/semantic-equal.ts"

const autoUpdate = "apf.kubernetes.io/autoupdate-spec"

interface WithSpec extends KubeObject {
  readonly spec: object
}

export interface DefaultObjects<T> {
  /** Kept as they are, whatever people make of them. With all defaults filled in, as are the suggested ones. */
  readonly mandatory: readonly T[]
  /** Kept as they are unless people have said that they want others. */
  readonly suggested: readonly T[]
}

export interface Repairs<T> {
  readonly create: readonly T[]
  readonly update: readonly T[]
  readonly remove: readonly T[]
}

/**
 * What is to be done so that the cluster's own flow control objects are there
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#maintenance-of-the-mandatory-and-suggested-configuration-objects).
 * The annotation says whether a suggested one is still the cluster's own; without it, one whose spec nobody has touched is.
 */
export function planDefaultObjects<T extends WithSpec>(
  { mandatory, suggested }: DefaultObjects<T>,
  existing: readonly T[],
): Repairs<T> {
  const current = new Map(existing.map((object) => [object.metadata.name, object]))
  const wanted = [...suggested, ...mandatory]
  const names = new Set(wanted.map(({ metadata }) => metadata.name))
  const always = new Set(mandatory)
  return {
    create: wanted.filter(({ metadata }) => !current.has(metadata.name)),
    update: wanted.flatMap((each) => {
      const found = current.get(each.metadata.name)
      return found ? (revise(found, each, always.has(each)) ?? []) : []
    }),
    // Those of an earlier release.
    remove: existing.filter((object) => !names.has(object.metadata.name) && readAnnotation(object) === true),
  }
}

function revise<T extends WithSpec>(current: T, wanted: T, isMandatory: boolean): T | undefined {
  const said = readAnnotation(current)
  const updates = isMandatory || (said ?? current.metadata.generation === 1)
  const spec = updates ? ownSpec(current, wanted) : current.spec
  if (said !== updates) return { ...annotated(current, updates), spec }
  return semanticEqual(spec, current.spec) ? undefined : { ...current, spec }
}

function annotated<T extends KubeObject>(object: T, updates: boolean): T {
  const annotations = { ...object.metadata.annotations, [autoUpdate]: String(updates) }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

/** How much the exempt level lends is for people to say. */
function ownSpec(current: { spec: object }, wanted: { spec: object }): object {
  if (!("exempt" in wanted.spec) || !("exempt" in current.spec)) return wanted.spec
  return { ...wanted.spec, exempt: current.spec.exempt }
}

/** The forms of a truth value that Go reads. */
function readAnnotation({ metadata }: KubeObject): boolean | undefined {
  const value = metadata.annotations?.[autoUpdate] ?? ""
  if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true
  if (/^(0|f|F|false|FALSE|False)$/.test(value)) return false
  return undefined
}
