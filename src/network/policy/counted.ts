/** A set in which a member counts for as long as at least one of those that added it has not removed it. */
export class Counted {
  readonly #counts = new Map<string, number>()

  /** True when it was not there before. */
  add(member: string): boolean {
    const count = this.#counts.get(member) ?? 0
    this.#counts.set(member, count + 1)
    return count === 0
  }

  /** True when it is not there any more. */
  remove(member: string): boolean {
    const count = this.#counts.get(member) ?? 0
    if (count > 1) this.#counts.set(member, count - 1)
    else this.#counts.delete(member)
    return count === 1
  }
}
