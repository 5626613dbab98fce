/**
 * What `explain` and OpenAPI say of a definition and its fields. The texts are upstream's and are not part of the
 * repository: the build takes them from an installed package. Without them all documents are the same but silent.
 */
export interface Descriptions {
  /** Of the definition itself if `field` is left out. */
  of(definition: string, field?: string): string | undefined
}

export const noDescriptions: Descriptions = { of: () => undefined }

/** By class name of the package ("V1PodSpec"): its own text under "", its fields' under their names. */
export type DescriptionTable = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * The package shortens "io.k8s.api.core.v1.PodSpec" to "V1PodSpec", and to "CoreV1Event" where that would be ambiguous.
 */
export function descriptionsFrom(table: DescriptionTable): Descriptions {
  return {
    of(definition, field = "") {
      const [kind = "", version = "", group = ""] = definition.split(".").toReversed()
      const short = `${capitalize(version)}${kind}`
      const known = (table[`${capitalize(group)}${short}`] ?? table[short])?.[field]
      return known ?? (field === "metadata" ? metadataText(kind) : undefined)
    },
  }
}

const conventions = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"

/** The package says nothing of fields that are other types; this one is everywhere, and clients look for it. */
function metadataText(kind: string): string {
  return kind.endsWith("List")
    ? `Standard list metadata. More info: ${conventions}#types-kinds`
    : `Standard object's metadata. More info: ${conventions}#metadata`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
