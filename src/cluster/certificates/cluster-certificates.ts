import type { Clock, Timer } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { generateKey } from "../../base/real/x509/keys.ts"
import {
  type AuthorityName,
  authorityNames,
  type CertificatePlan,
  planControlPlane,
  planNode,
  type ServerNames,
} from "./certificate-plan.ts"
import { issueAuthority, issueCertificate, renewalDue, stillServes } from "./issue-certificate.ts"
import {
  findKeyPair,
  findSigningKey,
  type KeyPair,
  type SigningKey,
  signingKey,
  writeKeyPair,
  writeSigningKey,
} from "./key-pair-files.ts"

const dayMs = 24 * 60 * 60 * 1000

export interface CertificateOptions {
  /** "DIR/pki"; made when missing. */
  readonly directory: string
  readonly server: ServerNames
  readonly clock: Clock
  readonly random: Random
}

/**
 * The certificates of one cluster, on disk as kubeadm lays them out. What is missing, outdated, or does not fit is made
 * when asked for; what is there is used again. Nodes are added by `ensureNode`.
 *
 * @example
 * const certificates = ensureClusterCertificates({ directory: `${dataDirectory}/pki`, server, clock, random })
 * const server = createServer({ cert: certificates.get("apiserver").certificatePem, ... })
 * certificates.onRenewed((name, pair) => name === "apiserver" && server.setSecureContext(...))
 * const timer = certificates.keepFresh()
 */
export class ClusterCertificates {
  readonly #options: CertificateOptions
  readonly #authorities: Readonly<Record<AuthorityName, KeyPair>>
  readonly #plans = new Map<string, CertificatePlan>()
  readonly #pairs = new Map<string, KeyPair>()
  readonly #listeners = new Set<(name: string, pair: KeyPair) => void>()
  /** Signs ServiceAccount tokens. */
  readonly serviceAccountKey: SigningKey

  constructor(options: CertificateOptions) {
    this.#options = options
    this.#authorities = {
      ca: this.#ensureAuthority("ca"),
      "front-proxy-ca": this.#ensureAuthority("front-proxy-ca"),
    }
    this.serviceAccountKey = this.#ensureSigningKey("sa")
    for (const plan of planControlPlane(options.server)) this.#ensure(plan)
  }

  authority(name: AuthorityName): KeyPair {
    return this.#authorities[name]
  }

  /** "apiserver", "admin", "scheduler", ...: see planControlPlane. Ask again after a renewal. */
  get(name: string): KeyPair {
    const pair = this.#pairs.get(name)
    if (!pair) throw new Error(`there is no certificate named ${name}`)
    return pair
  }

  /** `hosts`: the node's addresses and names beside `nodeName` itself. */
  ensureNode(nodeName: string, hosts: readonly string[]): { client: KeyPair; serving: KeyPair } {
    const [client, serving] = planNode(nodeName, hosts).map((plan) => this.#ensure(plan))
    return { client: client!, serving: serving! }
  }

  /** Calls back for every certificate that is replaced; returns the way to stop that. */
  onRenewed(listener: (name: string, pair: KeyPair) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Replaces what is due, now. Gives the names. */
  renewDue(): string[] {
    const now = this.#options.clock.now()
    const due = [...this.#plans.values()].filter((plan) => now >= renewalDue(this.get(plan.name)))
    for (const plan of due) {
      const pair = this.#ensure(plan)
      for (const listener of this.#listeners) listener(plan.name, pair)
    }
    return due.map(({ name }) => name)
  }

  /** Looks once a day, until the timer is cancelled. */
  keepFresh(): Timer {
    const { clock } = this.#options
    let timer: Timer
    const look = () => {
      this.renewDue()
      timer = clock.after(dayMs, look)
    }
    timer = clock.after(dayMs, look)
    return { cancel: () => timer.cancel() }
  }

  #ensure(plan: CertificatePlan): KeyPair {
    const { directory, clock, random } = this.#options
    const authority = this.#authorities[plan.signedBy]
    this.#plans.set(plan.name, plan)
    let pair = findKeyPair(directory, plan.name)
    if (!pair || !stillServes(pair, plan, authority, clock.now())) {
      pair = issueCertificate(plan, authority, clock.now(), random)
      writeKeyPair(directory, plan.name, pair)
    }
    this.#pairs.set(plan.name, pair)
    return pair
  }

  // An authority is never replaced silently: everything that trusts it would be cut off.
  #ensureAuthority(name: AuthorityName): KeyPair {
    const { directory, clock, random } = this.#options
    const existing = findKeyPair(directory, name)
    if (existing && existing.certificate.notAfter <= clock.now()) {
      const ended = new Date(existing.certificate.notAfter).toISOString()
      throw new Error(
        `the certificate authority ${directory}/${name}.crt ended on ${ended}: replace it and its key, or remove both to have new ones made`,
      )
    }
    if (existing) return existing
    const made = issueAuthority(authorityNames[name], clock.now(), random)
    writeKeyPair(directory, name, made)
    return made
  }

  #ensureSigningKey(name: string): SigningKey {
    const { directory } = this.#options
    const existing = findSigningKey(directory, name)
    if (existing) return existing
    const made = signingKey(generateKey())
    writeSigningKey(directory, name, made)
    return made
  }
}

export function ensureClusterCertificates(options: CertificateOptions): ClusterCertificates {
  return new ClusterCertificates(options)
}
