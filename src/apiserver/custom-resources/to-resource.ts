import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { encodeJson } from "../../apimachinery/codec/json.ts"
import { findJsonPath } from "../../apimachinery/json-path/find-json-path.ts"
import { parseJsonPath } from "../../apimachinery/json-path/parse-json-path.ts"
import type { JsonSchema } from "../../apimachinery/json-schema/json-schema.ts"
import { objectSchemaOf } from "../../apimachinery/json-schema/to-schema.ts"
import { type Resource, resource, type Verb } from "../../apimachinery/resource.ts"
import { columnsOf } from "./columns.ts"
import { isTrue } from "./conditions.ts"

// In the order in which discovery tells them, as upstream has it.
const verbs: readonly Verb[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
]

/** While the definition is being deleted. */
const endingVerbs: readonly Verb[] = ["delete", "deletecollection", "get", "list", "watch"]

/** One version of a definition as the one thing that everything else is derived from. */
export function resourceOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): Resource {
  const { group, scope } = definition.spec
  const names = definition.status.acceptedNames.plural
    ? definition.status.acceptedNames
    : definition.spec.names
  return resource({
    group,
    version: version.name,
    kind: names.kind,
    ...(names.listKind && { listKind: names.listKind }),
    plural: names.plural,
    ...(names.singular && { singular: names.singular }),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === "Namespaced",
    ...(!version.storage && { storedAs: { group, version: storedVersion(definition) } }),
    verbs: isTrue(definition, "Terminating") ? endingVerbs : verbs,
    schema: objectSchemaOf(schemaOf(version)),
    declaredSchema: schemaOf(version),
    hasStatus: version.subresources?.status !== undefined,
    ...scaleOf(version),
    columns: columnsOf(version.additionalPrinterColumns),
    selectableFields: selectableFieldsOf(version),
    storagePrefix: `${group}/${names.plural}`,
  })
}

function storedVersion({ spec }: CustomResourceDefinition): string {
  return spec.versions.find(({ storage }) => storage)?.name ?? ""
}

export function schemaOf({ schema }: CustomResourceDefinitionVersion): JsonSchema {
  return schema?.openAPIV3Schema ?? { type: "object" }
}

function scaleOf({ subresources }: CustomResourceDefinitionVersion): Pick<Resource, "scale"> {
  if (!subresources?.scale) return {}
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = subresources.scale
  return {
    scale: {
      specReplicas: withoutDot(specReplicasPath),
      statusReplicas: withoutDot(statusReplicasPath),
      ...(labelSelectorPath && { labelSelector: withoutDot(labelSelectorPath) }),
    },
  }
}

function selectableFieldsOf({ selectableFields }: CustomResourceDefinitionVersion) {
  const entries = (selectableFields ?? []).map(({ jsonPath }) => {
    const steps = parseJsonPath(jsonPath)
    const read: Resource["selectableFields"][string] = (object) =>
      selectableText(findJsonPath(steps, object)[0])
    return [withoutDot(jsonPath), read] as const
  })
  return Object.fromEntries(entries)
}

/** Only strings, numbers and booleans can be selected by. */
function selectableText(value: unknown): string {
  if (typeof value === "string") return value
  return typeof value === "object" || value === undefined ? "" : encodeJson(value)
}

function withoutDot(path: string): string {
  return path.replace(/^\./, "")
}
