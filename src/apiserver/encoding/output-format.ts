/** What the caller can read, as negotiated from its Accept header. */
export interface OutputFormat {
  readonly media: Media
  /** Indented JSON. */
  readonly pretty: boolean
  /** Another kind made of the object: a Table for people, metadata alone for controllers that need no more. */
  readonly as?: OutputKind
}

export type Media = "json" | "yaml" | "protobuf"

export interface OutputKind {
  readonly kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList"
  readonly version: "v1" | "v1beta1"
}

export const plainJson: OutputFormat = { media: "json", pretty: false }

export const mediaTypes: Readonly<Record<Media, string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
}
