import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { compareVersions } from "../../api/version-priority.ts"

/** What to tell those who use this version; undefined if it may be used. */
export function deprecationWarningOf(
  { spec }: CustomResourceDefinition,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined
  if (deprecationWarning !== undefined) return deprecationWarning
  const { kind } = spec.names
  const newer = spec.versions
    .filter((each) => each.served && !each.deprecated && compareVersions(each.name, name) < 0)
    .map((each) => each.name)
    .sort(compareVersions)[0]
  const instead = newer ? `; use ${spec.group}/${newer} ${kind}` : ""
  return `${spec.group}/${name} ${kind} is deprecated${instead}`
}
