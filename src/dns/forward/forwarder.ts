import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { integer, type Random } from "../../base/random.ts"
import { codes } from "../wire/constants.ts"
import { encodeAnswer } from "../wire/encode-answer.ts"
import type { Query } from "../wire/query.ts"
import { exchangeByTcp, exchangeByUdp } from "./exchange.ts"
import { addressTo, ResponseCache } from "./response-cache.ts"
import type { Upstreams } from "./upstreams.ts"

export interface ForwarderOptions {
  readonly upstreams: Upstreams
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** @default 53 */
  readonly port?: number
}

export type TransportName = "udp" | "tcp"

/** How long one server may take before the next is asked; glibc's clients give up after 5 s. */
const timeoutMs = 2000
/** Questions under way: more means that the servers do not answer, and piling up helps nobody. */
const mostAtOnce = 1000

/**
 * Asks the machine's own name servers what the cluster does not know. Equal questions that come while one is under way
 * wait for its answer; answers are kept (response-cache.ts).
 */
export class Forwarder {
  readonly cache: ResponseCache
  readonly #options: ForwarderOptions
  readonly #underWay = new Map<string, Promise<Buffer | undefined>>()
  #turn = 0

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.cache = new ResponseCache(options.clock)
  }

  /** The answer as the client should get it: an upstream's, or "server failure" when none answers. */
  async forward(query: Query, message: Buffer, transport: TransportName): Promise<Buffer> {
    const key = `${transport} ${message.toString("latin1", 2).toLowerCase()}`
    let exchange = this.#underWay.get(key)
    if (!exchange && this.#underWay.size < mostAtOnce) {
      exchange = this.#ask(query, message, transport).finally(() => this.#underWay.delete(key))
      this.#underWay.set(key, exchange)
    }
    const answer = await exchange
    return answer ? addressTo(query, answer) : encodeAnswer(query, failure, 512)
  }

  async #ask(query: Query, message: Buffer, transport: TransportName): Promise<Buffer | undefined> {
    const { clock, random, log, port = 53 } = this.#options
    const servers = await this.#options.upstreams.list()
    const question = Buffer.from(message)
    for (let attempt = 0; attempt < servers.length; attempt++) {
      const server = servers[(this.#turn + attempt) % servers.length]!
      question.writeUInt16BE(integer(random, 0x10000), 0)
      try {
        const exchange = transport === "udp" ? exchangeByUdp : exchangeByTcp
        const answer = await exchange({ server, port, message: question, timeoutMs, clock })
        // Stay with the one that answers.
        this.#turn = (this.#turn + attempt) % servers.length
        this.cache.keep(query, answer)
        return answer
      } catch (error) {
        log.debug("name server failed", { server, name: query.name, error })
      }
    }
    return undefined
  }
}

const failure = {
  code: codes.serverFailure,
  authoritative: false,
  answers: [],
  authority: [],
  additional: [],
}
