import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { quote } from "../../base/quote.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { Verdict } from "./conditions.ts"

export interface NamesPlan {
  readonly acceptedNames: CustomResourceDefinitionNames
  readonly verdict: Verdict
}

/**
 * Which of its names a definition gets. A name belongs to whoever had it first within the group; plural, singular and short
 * names share one space, kind and list kind another. Names that are refused stay as they were.
 *
 * @param others the definitions of the same group, this one may be among them
 */
export function planNames(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): NamesPlan {
  const { names } = definition.spec
  const accepted = definition.status.acceptedNames
  const taken = others.map(({ status }) => status.acceptedNames)
  const resources = new Set(taken.flatMap((each) => [each.plural, each.singular, ...(each.shortNames ?? [])]))
  const kinds = new Set(taken.flatMap((each) => [each.kind, each.listKind]))
  const isRefused = (name: string, mine: string | undefined, used: ReadonlySet<string | undefined>) =>
    name !== (mine ?? "") && used.has(name)
  const checks = [
    { field: "plural", reason: "PluralConflict", used: resources },
    { field: "singular", reason: "SingularConflict", used: resources },
    { field: "kind", reason: "KindConflict", used: kinds },
    { field: "listKind", reason: "ListKindConflict", used: kinds },
  ] as const
  const acceptedNames: CustomResourceDefinitionNames = { ...accepted, ...categoriesOf(names) }
  let verdict = noConflicts
  for (const { field, reason, used } of checks) {
    const name = names[field] ?? ""
    if (isRefused(name, accepted[field], used)) verdict = conflict(reason, [name])
    else acceptedNames[field] = name
    // Short names are looked at after the singular, and the last conflict is the one that is told.
    if (field !== "singular" || deepEqual(names.shortNames ?? [], accepted.shortNames ?? [])) continue
    const refused = (names.shortNames ?? []).filter(
      (each) => !accepted.shortNames?.includes(each) && resources.has(each),
    )
    if (refused.length > 0) verdict = conflict("ShortNamesConflict", refused)
    else if (names.shortNames) acceptedNames.shortNames = names.shortNames
    else delete acceptedNames.shortNames
  }
  return { acceptedNames, verdict }
}

function categoriesOf({ categories }: CustomResourceDefinitionNames) {
  return { categories }
}

const noConflicts: Verdict = {
  type: "NamesAccepted",
  status: "True",
  reason: "NoConflicts",
  message: "no conflicts found",
}

function conflict(reason: string, names: readonly string[]): Verdict {
  const texts = names.map((name) => `${quote(name)} is already in use`)
  const message = texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`
  return { type: "NamesAccepted", status: "False", reason, message }
}
