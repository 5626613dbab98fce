/**
 * Promises such as "never fewer than this many are available" speak of what controllers do, not of what befalls them: a
 * lost node or an impatient user takes pods away that nobody promised to keep. So each is armed when everything is as it was
 * wished for, by the object's own status and in truth; disarmed by a disturbance; and armed again at the next rest.
 */
export class Armed {
  readonly #armed = new Set<string>()
  /** Nothing is armed at or before this moment: what was done is perhaps not in the store yet. */
  #notBeforeMs = -1
  #disturbing = 0

  /** Somebody is about to take pods away; ends when `after` is called, with the time. */
  before(): void {
    this.#disturbing++
    this.#armed.clear()
  }

  after(atMs: number): void {
    this.#disturbing--
    this.#notBeforeMs = atMs
    this.#armed.clear()
  }

  arm(uid: string, atMs: number): void {
    if (this.#disturbing === 0 && atMs > this.#notBeforeMs) this.#armed.add(uid)
  }

  disarm(uid: string): void {
    this.#armed.delete(uid)
  }

  has(uid: string): boolean {
    return this.#armed.has(uid)
  }
}
