import { createSecureContext, type SecureContext } from "node:tls"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { signCertificate } from "../../base/real/x509/certificate.ts"
import { generateKey, privateKeyPem, publicKeyInfo } from "../../base/real/x509/keys.ts"
import { encodePem } from "../../base/real/x509/pem.ts"
import type { Secret } from "../../api/core/v1/secret.ts"
import type { Ingress } from "../../api/networking/v1/ingress.ts"
import { wildcardOf } from "../routing/routing-table.ts"

/** Finds the certificate for the name that a client asks for in its first message (SNI). */
export interface Certificates {
  contextFor(serverName: string): SecureContext
  /** For clients that ask for none. */
  readonly fallback: CertificateAndKey
}

/** In PEM. */
export interface CertificateAndKey {
  readonly cert: string
  readonly key: string
}

export interface CertificateSource {
  readonly ingresses: readonly Ingress[]
  readonly findSecret: (namespace: string, name: string) => Secret | undefined
}

const yearMs = 365 * 24 * 3600 * 1000

/** Contexts made of Secrets, kept while their Secrets stay as they are. */
export class CertificateStore implements Certificates {
  readonly #log: Logger
  readonly fallback: CertificateAndKey
  readonly #fallbackContext: SecureContext
  readonly #contexts = new Map<string, { readonly version: string; readonly context: SecureContext }>()
  #byHost: ReadonlyMap<string, SecureContext> = new Map()

  constructor(options: { clock: Clock; random: Random; log: Logger }) {
    this.#log = options.log
    this.fallback = selfSigned(options.clock, options.random)
    this.#fallbackContext = createSecureContext(this.fallback)
  }

  contextFor(serverName: string): SecureContext {
    const host = serverName.toLowerCase()
    return (
      this.#byHost.get(host) ??
      this.#byHost.get(wildcardOf(host)) ??
      this.#byHost.get("") ??
      this.#fallbackContext
    )
  }

  /** Takes the certificates of these Ingresses; of two for one host, the first counts. A bad Secret is told and left out. */
  update({ ingresses, findSecret }: CertificateSource): void {
    const byHost = new Map<string, SecureContext>()
    for (const { spec, metadata } of ingresses)
      for (const { hosts, secretName } of spec.tls ?? []) {
        const secret = secretName ? findSecret(metadata.namespace ?? "", secretName) : undefined
        const context = secret && this.#contextOf(secret)
        if (!context) continue
        for (const host of hosts?.length ? hosts : [""])
          if (!byHost.has(host.toLowerCase())) byHost.set(host.toLowerCase(), context)
      }
    this.#byHost = byHost
  }

  #contextOf({ metadata, data }: Secret): SecureContext | undefined {
    const known = this.#contexts.get(metadata.uid)
    if (known?.version === metadata.resourceVersion) return known.context
    try {
      const decoded = (key: string) => Buffer.from(data?.[key] ?? "", "base64")
      const context = createSecureContext({ cert: decoded("tls.crt"), key: decoded("tls.key") })
      this.#contexts.set(metadata.uid, { version: metadata.resourceVersion, context })
      return context
    } catch (error) {
      const secret = `${metadata.namespace}/${metadata.name}`
      this.#log.warn("the Secret of an Ingress holds no certificate and key that fit", { secret, error })
      return undefined
    }
  }
}

/** For names that nobody gave a certificate for: clients see that it is not the right one, and which program it came from. */
function selfSigned(clock: Clock, random: Random): CertificateAndKey {
  const key = generateKey()
  const certificate = signCertificate(
    {
      subject: { commonName: "Coracle Ingress Default Certificate" },
      alternativeNames: { dnsNames: ["ingress.local"] },
      keyUsage: ["digital signature"],
      extendedKeyUsage: ["server auth"],
      notBefore: clock.now() - 3600_000,
      notAfter: clock.now() + yearMs,
      serialNumber: random.bytes(16),
      publicKey: publicKeyInfo(key),
    },
    { key },
  )
  return { cert: encodePem("CERTIFICATE", certificate), key: privateKeyPem(key) }
}
