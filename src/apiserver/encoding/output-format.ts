/** What the caller can read, as negotiated from its Accept header. */
export interface OutputFormat {
  readonly media: "json" | "yaml" | "protobuf"
  /** Indented JSON. */
  readonly pretty: boolean
  /** Another kind made of the object: a Table for people, metadata alone for controllers that need no more. */
  readonly as?: {
    readonly kind: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList"
    readonly version: "v1" | "v1beta1"
  }
}

export const plainJson: OutputFormat = { media: "json", pretty: false }

export const contentTypes: Readonly<Record<OutputFormat["media"], string>> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
}
