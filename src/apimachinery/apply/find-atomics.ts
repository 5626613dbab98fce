import { isRecord, type Plan } from "../schema-plan.ts"
import { memberPlan } from "./compare.ts"
import { fieldElement, formatElement } from "./path-element.ts"

/**
 * Paths of the parts of a configuration that are replaced as a whole. Where nobody owns fields, naming one of them would
 * remove what is not named.
 */
export function findAtomics(plan: Plan, value: unknown, path = ""): string[] {
  if (isRecord(value) && (plan.kind === "object" || plan.kind === "map")) {
    const own = plan.schema.atomic ? [path] : []
    const inside = Object.keys(value).flatMap((name) =>
      findAtomics(memberPlan(plan, name), value[name], path + formatElement(fieldElement(name))),
    )
    return [...own, ...inside]
  }
  if (!Array.isArray(value) || plan.kind !== "list") return []
  const element = plan.element.get()
  const own = plan.schema.listType === "atomic" ? [path] : []
  return [...own, ...value.flatMap((each, index) => findAtomics(element, each, `${path}[${index}]`))]
}
