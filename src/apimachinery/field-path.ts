/**
 * The way from an object's root to a field, as users read it in errors: `spec.containers[0].env[1].name`.
 *
 * @example
 * const containers = fieldPath("spec", "containers")
 * containers.index(0).child("image").toString() // "spec.containers[0].image"
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined
  readonly #step: string

  constructor(parent: FieldPath | undefined, step: string) {
    this.#parent = parent
    this.#step = step
  }

  /** A field of this one, or one below that. Validators ask for many and need few: so no list of names is made. */
  child(name: string, second?: string, third?: string): FieldPath {
    const isRoot = this.#step === "" && this.#parent === undefined
    const path = new FieldPath(this, isRoot ? name : `.${name}`)
    if (second === undefined) return path
    return third === undefined ? path.child(second) : path.child(second).child(third)
  }

  index(index: number): FieldPath {
    return new FieldPath(this, `[${index}]`)
  }

  /** A map's entry or a list's element named by its key. */
  key(key: string): FieldPath {
    return new FieldPath(this, `[${key}]`)
  }

  toString(): string {
    return this.#parent === undefined ? this.#step : this.#parent.toString() + this.#step
  }
}

/** A path from the object's root; without names it is the object itself. */
export function fieldPath(...names: string[]): FieldPath {
  return new FieldPath(undefined, names.join("."))
}
