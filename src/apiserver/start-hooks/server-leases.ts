import type { Clock, Timer } from "../../base/clock.ts"
import type { IpNetwork } from "../../base/ip-address.ts"
import type { Logger } from "../../base/log.ts"
import type { Client } from "../../client/client.ts"
import { LeaseNotFoundError, prefixEnd, type Store } from "../../etcd/store.ts"
import { type AdvertisedAddress, ensureKubernetesService } from "./ensure-kubernetes-service.ts"

/** Where upstream's servers write themselves down too. */
const prefix = "/registry/masterleases/"
const ttlSeconds = 15
const renewEveryMs = 10_000

export interface ServerLeasesOptions {
  readonly store: Store
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** Of Services. */
  readonly network: IpNetwork
  /** How pods reach this server; the port is the same for all servers. */
  readonly advertised: AdvertisedAddress
}

/**
 * Several API servers on one store: the Service `kubernetes` leads to those that live. Each holds a key that vanishes when
 * it is not renewed for 15 seconds, and makes the endpoints those that have one
 * (https://github.com/kubernetes/enhancements/issues/1965 has the history).
 */
export class ServerLeases {
  readonly #options: ServerLeasesOptions
  #lease: bigint | undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(options: ServerLeasesOptions) {
    this.#options = options
  }

  /** Resolves when the Service leads to this server. */
  async start(): Promise<void> {
    await this.#renew()
    this.#schedule()
  }

  /** The Service leads to the others from now on; to nobody it is not changed. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    if (this.#lease === undefined) return
    const { store } = this.#options
    await store.leases.revoke(this.#lease)
    await this.#reconcile()
  }

  #schedule(): void {
    const { clock, log } = this.#options
    this.#timer = clock.after(renewEveryMs, () => {
      this.#renew()
        .catch((error: unknown) => log.warn("cannot tell that this server lives", { error: String(error) }))
        .finally(() => !this.#stopped && this.#schedule())
    })
  }

  async #renew(): Promise<void> {
    if (this.#lease === undefined || !(await this.#keptAlive(this.#lease))) await this.#write()
    await this.#reconcile()
  }

  async #keptAlive(lease: bigint): Promise<boolean> {
    try {
      await this.#options.store.leases.keepAlive(lease)
      return true
    } catch (error) {
      if (error instanceof LeaseNotFoundError) return false
      throw error
    }
  }

  async #write(): Promise<void> {
    const { store, advertised } = this.#options
    const { id } = await store.leases.grant(ttlSeconds)
    const endpoints = {
      kind: "Endpoints",
      apiVersion: "v1",
      metadata: {},
      subsets: [{ addresses: [{ ip: advertised.address }] }],
    }
    const value = new TextEncoder().encode(JSON.stringify(endpoints))
    await store.txn({ success: [{ op: "put", key: prefix + advertised.address, value, lease: id }] })
    this.#lease = id
  }

  async #reconcile(): Promise<void> {
    const { store, client, network, advertised } = this.#options
    const { kvs } = await store.range({ key: prefix, rangeEnd: prefixEnd(prefix), keysOnly: true })
    const addresses = kvs.map(({ key }) => key.slice(prefix.length))
    if (addresses.length > 0)
      await ensureKubernetesService(client, network, { addresses, port: advertised.port })
  }
}
