/**
 * What the flags of the API server say that goes beyond where it listens and keeps its state; named as upstream's flags.
 * Files are read when the server starts.
 */
export interface ApiServerSettings {
  readonly audit?: AuditSettings
  readonly encryption?: EncryptionSettings
}

export interface AuditSettings {
  readonly policyFile: string
  readonly log?: {
    readonly path: string
    readonly maxAgeDays: number
    readonly maxBackups: number
    readonly maxMegabytes: number
  }
  readonly webhookConfigFile?: string
}

export interface EncryptionSettings {
  readonly providerConfigFile: string
  /** Looks at the file again and again, and takes what it says then. */
  readonly automaticReload: boolean
}
