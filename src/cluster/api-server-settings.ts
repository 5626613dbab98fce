import type { JwtAuthenticator } from "../apiserver/authentication/configuration.ts"

/**
 * What the flags of the API server say that goes beyond where it listens and keeps its state; named as upstream's flags.
 * Files are read when the server starts.
 */
export interface ApiServerSettings {
  readonly tls?: { readonly minVersion?: "TLSv1.2" | "TLSv1.3"; readonly cipherSuites?: readonly string[] }
  readonly audit?: AuditSettings
  readonly encryption?: EncryptionSettings
  readonly serviceAccounts?: ServiceAccountSettings
  readonly authentication?: AuthenticationSettings
  readonly authorization?: AuthorizationSettings
  /** AdmissionConfiguration: what plugins are told. */
  readonly admissionConfigFile?: string
  readonly enableAdmissionPlugins?: readonly string[]
  readonly disableAdmissionPlugins?: readonly string[]
  /** For how long events are kept. @default an hour */
  readonly eventTtlMs?: number
  /** Tells at `/debug/pprof/` where its time goes. @default true */
  readonly profiling?: boolean
  /** What `/flagz` shows: all flags, by name. */
  readonly flags?: Readonly<Record<string, unknown>>
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

export interface AuthenticationSettings {
  /** AuthenticationConfiguration; in the place of `oidc` and `anonymous`. */
  readonly configFile?: string
  readonly oidc?: JwtAuthenticator
  readonly anonymous?: boolean
  readonly tokenFile?: string
  readonly webhook?: {
    readonly configFile: string
    readonly version: "v1" | "v1beta1"
    readonly cacheLifetimeMs: number
  }
}

export interface AuthorizationSettings {
  /** AuthorizationConfiguration; in the place of everything else. */
  readonly configFile?: string
  /** @default Node, RBAC */
  readonly modes?: readonly string[]
  /** Of mode ABAC. */
  readonly policyFile?: string
  readonly webhook?: {
    readonly configFile: string
    readonly version: "v1" | "v1beta1"
    readonly allowedLifetimeMs: number
    readonly otherLifetimeMs: number
  }
}

/** Of the tokens that ServiceAccounts get. */
export interface ServiceAccountSettings {
  /** The first one is written into tokens, the others are still accepted. @default the cluster's own name for itself */
  readonly issuers?: readonly string[]
  /** What tokens must be good for. @default the issuers */
  readonly audiences?: readonly string[]
  /** Where others find the keys, if not here. */
  readonly keysUrl?: string
  /** Whose tokens are accepted beside those of the cluster's own key: files of public keys, PEM. */
  readonly keyFiles?: readonly string[]
  readonly maxExpirationSeconds?: number
  readonly extendExpiration?: boolean
}
