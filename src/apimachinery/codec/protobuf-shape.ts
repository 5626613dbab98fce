import type { FieldPlan, ObjectPlan } from "../schema-plan.ts"

/**
 * How a message's members lie in protobuf. JSON shows the members of some messages as if they were their parent's own
 * (`via` in the schema): a Volume's source, a Probe's handler. In protobuf those are messages of their own.
 */
export interface Shape {
  readonly members: readonly Member[]
}

export type Member =
  | { readonly number: number; readonly field: FieldPlan }
  | { readonly number: number; readonly inlined: Shape }

const shapes = new WeakMap<ObjectPlan, Shape>()

/** Members by ascending number. What has no number (apiVersion, kind) travels elsewhere. */
export function shapeOf(plan: ObjectPlan): Shape {
  let shape = shapes.get(plan)
  if (!shape) {
    const fields = plan.list.filter(({ field }) => field.number !== undefined)
    shape = makeShape(fields.map((field) => ({ field, via: field.field.via ?? [] })))
    shapes.set(plan, shape)
  }
  return shape
}

interface Located {
  readonly field: FieldPlan
  readonly via: readonly number[]
}

function makeShape(fields: readonly Located[]): Shape {
  const members: Member[] = []
  const inlined = new Map<number, Located[]>()
  for (const { field, via } of fields) {
    const [outer, ...inner] = via
    if (outer === undefined) members.push({ number: field.field.number!, field })
    else inlined.set(outer, [...(inlined.get(outer) ?? []), { field, via: inner }])
  }
  for (const [number, each] of inlined) members.push({ number, inlined: makeShape(each) })
  return { members: members.sort((a, b) => a.number - b.number) }
}
