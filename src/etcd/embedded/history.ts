/** The state of the log at one moment: its newest revision, and how much had been written to it ever. */
export interface Sample {
  readonly timeMs: number
  readonly revision: number
  readonly writtenBytes: number
}

/** Samples closer than this are thinned out: whoever asks for a moment gets what was up to a second before. */
const resolutionMs = 1000
/** Unless that much was written meanwhile: history bounded by size must be able to let go of less than a second. */
const resolutionBytes = 1 << 20

/** When which revision was made: for keeping history by age and by size, and for reading the past by time. */
export class History {
  #samples: Sample[] = []
  readonly #resolutionBytes: number

  /** @param maxBytes how much history will be kept at most */
  constructor(maxBytes: number) {
    this.#resolutionBytes = Math.min(resolutionBytes, maxBytes / 16)
  }

  add(sample: Sample): void {
    const samples = this.#samples
    const before = samples.at(-2)
    // The newest one always stands, so that the last write before a quiet hour is not lost.
    if (before !== undefined && this.#areClose(before, sample)) samples.pop()
    samples.push(sample)
  }

  /** The newest revision at that moment; undefined if that is before the history. */
  revisionAt(timeMs: number): number | undefined {
    return this.#samples[this.#countWhere((sample) => sample.timeMs <= timeMs) - 1]?.revision
  }

  /** The oldest revision whose later history is at most `bytes` long. */
  revisionBackBy(bytes: number): number | undefined {
    const written = this.#samples.at(-1)?.writtenBytes ?? 0
    return this.#samples[this.#countWhere((sample) => sample.writtenBytes < written - bytes)]?.revision
  }

  /** Drops what lies before `revision`, which is compacted. */
  forget(revision: number): void {
    // The last sample at or before it still says since when that revision held.
    const before = this.#countWhere((sample) => sample.revision <= revision) - 1
    if (before > 0) this.#samples = this.#samples.slice(before)
  }

  #areClose(before: Sample, after: Sample): boolean {
    const bytes = after.writtenBytes - before.writtenBytes
    return after.timeMs - before.timeMs < resolutionMs && bytes < this.#resolutionBytes
  }

  /** How many samples, from the oldest on, satisfy a condition that holds for old ones. */
  #countWhere(holds: (sample: Sample) => boolean): number {
    let low = 0
    let high = this.#samples.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (holds(this.#samples[middle]!)) low = middle + 1
      else high = middle
    }
    return low
  }
}
