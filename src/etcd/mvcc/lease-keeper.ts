import type { Clock, Timer } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { InvalidRequestError } from "../store.ts"
import type { Lease, LeaseTable } from "./lease-table.ts"

/** etcd's minimum with its default election timeout: 1.5 times one second, rounded up. */
const minTtlSeconds = 2
const maxTtlSeconds = 9_000_000_000

/** Gives leases their ids and deadlines and calls `expire` for those whose time has come. */
export class LeaseKeeper {
  readonly #table: LeaseTable
  readonly #clock: Clock
  readonly #random: Random | undefined
  readonly #expire: (id: bigint) => void
  #timer: Timer | undefined
  #timerAtMs = 0
  #lastId = 0n
  #stopped = false

  /** @param expire must remove the lease from the table before it returns */
  constructor(table: LeaseTable, clock: Clock, random: Random | undefined, expire: (id: bigint) => void) {
    this.#table = table
    this.#clock = clock
    this.#random = random
    this.#expire = expire
    this.#schedule()
  }

  /** @param id 0n or undefined: a free one */
  grant(ttlSeconds: number, id: bigint | undefined): Lease {
    if (ttlSeconds > maxTtlSeconds) throw new InvalidRequestError("etcdserver: too large lease TTL")
    if (id !== undefined && this.#table.find(id) !== undefined)
      throw new InvalidRequestError("etcdserver: lease already exists")
    return this.#start(id || this.#freeId(), Math.max(Math.ceil(ttlSeconds), minTtlSeconds))
  }

  renew(id: bigint): Lease {
    return this.#start(id, this.#table.get(id).ttlSeconds)
  }

  remainingMs(lease: Lease): number {
    return Math.max(lease.expiresAtMs - this.#clock.monotonic(), 0)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #start(id: bigint, ttlSeconds: number): Lease {
    const lease = { id, ttlSeconds, expiresAtMs: this.#clock.monotonic() + ttlSeconds * 1000 }
    this.#table.set(lease)
    if (this.#table.first() === lease) this.#schedule()
    return lease
  }

  // One timer for all: it may find that the lease it was set for has been renewed, and is then set anew.
  #schedule(): void {
    const first = this.#table.first()
    if (first === undefined || this.#stopped) return
    if (this.#timer !== undefined && this.#timerAtMs <= first.expiresAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = first.expiresAtMs
    this.#timer = this.#clock.after(first.expiresAtMs - this.#clock.monotonic(), () => {
      this.#timer = undefined
      this.#expireDue()
    })
  }

  #expireDue(): void {
    for (let first = this.#table.first(); first !== undefined; first = this.#table.first()) {
      if (first.expiresAtMs > this.#clock.monotonic()) break
      this.#expire(first.id)
    }
    this.#schedule()
  }

  #freeId(): bigint {
    let id: bigint
    do id = this.#random === undefined ? ++this.#lastId : randomId(this.#random)
    while (id === 0n || this.#table.find(id) !== undefined)
    return id
  }
}

/** 63 random bits: clients hold lease ids in a signed integer. */
function randomId(random: Random): bigint {
  const bytes = random.bytes(8)
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) & 0x7fff_ffff_ffff_ffffn
}
