import type { Answer } from "../wire/answer.ts"

/** More names than pods ask for between two changes of a cluster; then we begin anew. */
const capacity = 20_000

/**
 * The cluster's answers since its last change. Working one out walks all endpoints of a Service; the clients of a pod ask
 * for the same few names over and over.
 */
export class RememberedAnswers {
  readonly #answers = new Map<string, Answer>()

  /** The answer, worked out at most once between two calls of `forget`. */
  get(name: string, type: number, compute: () => Answer | undefined): Answer | undefined {
    const key = `${type} ${name}`
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = compute()
    if (answer === undefined) return undefined
    if (this.#answers.size >= capacity) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }

  forget(): void {
    if (this.#answers.size > 0) this.#answers.clear()
  }
}
