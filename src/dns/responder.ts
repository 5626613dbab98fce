import type { IpFamily } from "../base/ip-address.ts"
import type { Answer } from "./wire/answer.ts"
import { codes, types } from "./wire/constants.ts"
import { encodeAnswer, encodeRefusal, udpLimit } from "./wire/encode-answer.ts"
import { encodeQuery } from "./wire/encode-query.ts"
import { EncodedAnswers } from "./wire/encoded-answers.ts"
import { parseAddresses } from "./wire/parse-addresses.ts"
import { parseQuery, type Query } from "./wire/query.ts"
import type { Forwarder, TransportName } from "./forward/forwarder.ts"
import { answerClusterName } from "./zone/answer-cluster-name.ts"
import type { ClusterView } from "./zone/cluster-view.ts"
import { RememberedAnswers } from "./zone/remembered-answers.ts"
import type { ZoneSettings } from "./zone/zone-settings.ts"
import type { DnsMetrics } from "./metrics.ts"

export interface ResponderOptions {
  readonly view: ClusterView
  /** Asked for each answer: the serial changes with the cluster. */
  readonly settings: () => ZoneSettings
  /** False until the view is whole: "no such name" would be a lie then. */
  readonly isReady: () => boolean
  readonly forwarder: Forwarder
  readonly metrics: DnsMetrics
}

const largestMessage = 65_535
/** Aliases followed for a client; a longer chain is a mistake or a circle. */
const longestChain = 8

/**
 * From a message to its answer. Names of the cluster are answered at once, without waiting for anything; names outside
 * from what is kept or by asking.
 */
export class Responder {
  /** To be forgotten at every change of the view. */
  readonly remembered = new RememberedAnswers()
  readonly #encoded = new EncodedAnswers()
  readonly #options: ResponderOptions
  #turn = 0

  constructor(options: ResponderOptions) {
    this.#options = options
  }

  /** Undefined when nothing should be said. */
  respond(message: Buffer, transport: TransportName, family: IpFamily): Buffer | Promise<Buffer> | undefined {
    const query = parseQuery(message)
    const { metrics } = this.#options
    if (!("question" in query)) {
      if (query.code !== undefined) metrics.countAnswer(query.code, "kubernetes")
      return encodeRefusal(query)
    }
    metrics.countQuery(query.type, transport, family)
    const limit = transport === "udp" ? udpLimit(query) : largestMessage
    const own = this.#answerOwn(query.name, query.type)
    if (own) {
      const alias = ownAlias(own, query.type)
      return alias === undefined ? this.#encode(query, own, limit) : this.#follow(query, own, alias, limit)
    }
    return this.#answerOthers(query, message, transport, limit)
  }

  #answerOthers(
    query: Query,
    message: Buffer,
    transport: TransportName,
    limit: number,
  ): Buffer | Promise<Buffer> {
    const { metrics, forwarder } = this.#options
    const kept = forwarder.cache.find(query)
    metrics.countForwarded(kept !== undefined)
    if (kept) {
      metrics.countMessage(kept, "cache")
      return fit(query, kept, limit)
    }
    return forwarder.forward(query, message, transport).then((answer) => {
      metrics.countMessage(answer, "forward")
      return fit(query, answer, limit)
    })
  }

  #encode(query: Query, answer: Answer, limit: number): Buffer {
    this.#options.metrics.countAnswer(answer.code, "kubernetes")
    // Many clients take the first of several addresses: each gets its turn.
    const turn = answer.answers.length > 1 ? this.#turn++ : 0
    return this.#encoded.encode(query, answer, turn, limit)
  }

  #answerOwn(name: string, type: number): Answer | undefined {
    const { view, settings, isReady } = this.#options
    const zone = settings()
    if (isReady()) return this.remembered.get(name, type, () => answerClusterName(name, type, view, zone))
    return name === zone.zone || name.endsWith(`.${zone.zone}`) ? notReady : undefined
  }

  /** Clients do not follow aliases themselves: an answer carries the whole chain. */
  async #follow(query: Query, first: Answer, alias: string, limit: number): Promise<Buffer> {
    const answers = [...first.answers]
    let target: string | undefined = alias
    for (let step = 0; target !== undefined && step < longestChain; step++) {
      const own = this.#answerOwn(target, query.type)
      if (!own) {
        answers.push(...(await this.#askOutside(target, query.type)))
        break
      }
      answers.push(...own.answers)
      target = ownAlias(own, query.type)
    }
    // Put together for this client alone, so there is nothing to keep.
    this.#options.metrics.countAnswer(first.code, "kubernetes")
    return encodeAnswer(query, { ...first, answers }, limit)
  }

  async #askOutside(name: string, type: number) {
    const { query, message } = encodeQuery(name, type)
    const { forwarder } = this.#options
    return parseAddresses(forwarder.cache.find(query) ?? (await forwarder.forward(query, message, "udp")))
  }
}

/** Where an answer leads that is nothing but an alias for something else than was asked. */
function ownAlias({ answers }: Answer, type: number): string | undefined {
  const last = answers.at(-1)
  return last?.type === "CNAME" && type !== types.CNAME ? last.target : undefined
}

/** An answer that came by TCP or for a client who takes more: to be asked for again by TCP. */
function fit(query: Query, message: Buffer, limit: number): Buffer {
  // What an upstream sends to a UDP question fits its sender's promise already.
  if (message.length <= Math.max(limit, query.edns?.udpSize ?? 0)) return message
  const empty = encodeAnswer(query, { ...notReady, code: codes.noError }, limit)
  empty[2]! |= 0x02
  return empty
}

const notReady: Answer = {
  code: codes.serverFailure,
  authoritative: false,
  answers: [],
  authority: [],
  additional: [],
}
