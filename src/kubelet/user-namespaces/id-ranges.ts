/** The ids of the machine that pods with users of their own may be given. */
export interface SubordinateIds {
  readonly firstId: number
  readonly length: number
}

export interface IdRangesOptions extends SubordinateIds {
  /** A pod's share. A multiple of 65536. */
  readonly idsPerPod: number
  readonly maxPods: number
}

const unit = 65_536
export const defaultIdsPerPod = unit

/** All ids but those of the machine's own users. */
export function defaultSubordinateIds(idsPerPod: number): SubordinateIds {
  return { firstId: idsPerPod, length: 2 ** 32 - idsPerPod }
}

/**
 * Which pod has which ids: each a range of the same length, shared with nobody, for as long as it is there. Throws, in
 * upstream's words, when the ids it may give cannot be divided so.
 */
export class IdRanges {
  readonly #options: IdRangesOptions
  readonly #byPod = new Map<string, number>()
  readonly #taken = new Set<number>()
  #next: number

  constructor(options: IdRangesOptions) {
    const problem = findProblem(options)
    if (problem) throw new Error(problem)
    this.#options = options
    this.#next = options.firstId
  }

  get idsPerPod(): number {
    return this.#options.idsPerPod
  }

  find(podUid: string): number | undefined {
    return this.#byPod.get(podUid)
  }

  /**
   * Gives the pod a range, or tells the one that it has. The search goes on where the last one ended, so that what a pod
   * has just given back is not at once another's.
   */
  allocate(podUid: string): number {
    const known = this.#byPod.get(podUid)
    if (known !== undefined) return known
    const { firstId, length, idsPerPod } = this.#options
    for (let steps = 0; steps < length / idsPerPod; steps++) {
      const range = this.#next
      this.#next = range + idsPerPod < firstId + length ? range + idsPerPod : firstId
      if (this.#taken.has(range)) continue
      this.#take(podUid, range)
      return range
    }
    throw new Error("could not find an empty slot to allocate a user namespace")
  }

  /** What an earlier run gave. Throws when it cannot be this pod's. */
  record(podUid: string, firstId: number, length: number): void {
    const { idsPerPod } = this.#options
    if (length !== idsPerPod) throw new Error(`wrong user namespace length ${length}`)
    if (firstId % idsPerPod !== 0) throw new Error(`wrong user namespace offset specified ${firstId}`)
    const known = this.#byPod.get(podUid)
    if (known === firstId) return
    if (known !== undefined) throw new Error(`different user namespace range already used by pod "${podUid}"`)
    if (firstId < this.#options.firstId || firstId >= this.#options.firstId + this.#options.length)
      throw new Error(`id ${firstId} is out of range`)
    if (this.#taken.has(firstId)) throw new Error(`range picked for pod "${podUid}" already taken`)
    this.#take(podUid, firstId)
  }

  /** Idempotent. */
  release(podUid: string): void {
    const range = this.#byPod.get(podUid)
    if (range === undefined) return
    this.#byPod.delete(podUid)
    this.#taken.delete(range)
  }

  #take(podUid: string, range: number): void {
    this.#byPod.set(podUid, range)
    this.#taken.add(range)
  }
}

function findProblem({ firstId, length, idsPerPod, maxPods }: IdRangesOptions): string | undefined {
  if (idsPerPod % unit !== 0) return `kubelet user namespace length ${idsPerPod} is not a multiple of ${unit}`
  if (firstId % idsPerPod !== 0)
    return `kubelet user assigned ID ${firstId} is not a multiple of ${idsPerPod}`
  // The machine's root must not be among them.
  if (firstId < idsPerPod)
    return `kubelet user assigned ID ${firstId} must be greater or equal to ${idsPerPod}`
  if (length % idsPerPod !== 0)
    return `kubelet user assigned IDs length ${length} is not a multiple of ${idsPerPod}`
  if (length / idsPerPod < maxPods)
    return `kubelet user assigned IDs are not enough to support ${maxPods} pods`
  return undefined
}

/** The one range in what `getsubids kubelet` prints: "0: kubelet 65536 2147483648". */
export function parseSubordinateIds(output: string): SubordinateIds {
  const lines = output.trim().split("\n")
  if (lines.length !== 1) throw new Error(`error parsing line "${output}": it must contain only one line`)
  const parts = lines[0]!.trim().split(/\s+/)
  if (parts.length !== 4) throw new Error(`invalid line "${output}"`)
  const [firstId, length] = parts.slice(2).map(Number)
  if (!isId(firstId) || !isId(length)) throw new Error(`error parsing line "${output}": invalid syntax`)
  return { firstId, length }
}

function isId(value: number | undefined): value is number {
  return Number.isInteger(value) && value! >= 0 && value! < 2 ** 32
}
