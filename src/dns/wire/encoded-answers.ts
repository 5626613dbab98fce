import type { Answer } from "./answer.ts"
import { answerAgain, encodeAnswer } from "./encode-answer.ts"
import type { Query } from "./query.ts"

/** Bytes of messages kept; then we begin anew. */
const capacity = 16 << 20

/**
 * Messages as they were sent, by the answer in them. Clients ask the same few questions over and over, and what two such
 * questions have apart is in a few bytes at the beginning: writing the ten targets of a headless Service's SRV records
 * costs ten times as much as all the rest.
 */
export class EncodedAnswers {
  #messages = new WeakMap<Answer, Map<number, Buffer>>()
  #bytes = 0

  /**
   * The answer as a message of at most `limit` bytes.
   *
   * @param answer kept by the caller for as long as it is true; equal answers of another identity are written anew
   * @param turn which of the answer's records is the first
   */
  encode(query: Query, answer: Answer, turn: number, limit: number): Buffer {
    const { answers } = answer
    const start = answers.length > 1 && answers[0]!.type !== "CNAME" ? turn % answers.length : 0
    const key = (start * 0x1_0000 + limit) * 2 + (query.edns ? 1 : 0)
    const known = this.#messages.get(answer)?.get(key)
    if (known) return answerAgain(known, query)
    const rotated = start === 0 ? answers : [...answers.slice(start), ...answers.slice(0, start)]
    const message = encodeAnswer(query, { ...answer, answers: rotated }, limit)
    this.#keep(answer, key, Buffer.from(message))
    return message
  }

  #keep(answer: Answer, key: number, message: Buffer): void {
    if (this.#bytes > capacity) {
      this.#messages = new WeakMap()
      this.#bytes = 0
    }
    this.#bytes += message.length
    const messages = this.#messages.get(answer)
    if (messages) messages.set(key, message)
    else this.#messages.set(answer, new Map([[key, message]]))
  }
}
