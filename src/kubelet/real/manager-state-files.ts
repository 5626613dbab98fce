import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { replaceFile } from "../../base/real/replace-file.ts"

/** A file in the kubelet's directory where a manager remembers who has what. */
export class ManagerStateFile {
  readonly #path: string
  /** "CPU manager". */
  readonly #title: string
  #written: string | undefined

  constructor(directory: string, name: string, title: string) {
    this.#path = join(directory, name)
    this.#title = title
  }

  /** What was remembered; undefined when nothing was. Throws Error in upstream's words for what cannot be believed. */
  async restore<T>(parse: (text: string) => T): Promise<T | undefined> {
    const text = await readFile(this.#path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined
      throw error
    })
    if (text === undefined) return undefined
    try {
      return parse(text)
    } catch (error) {
      const why = (error as Error).message
      throw new Error(
        `could not restore state from checkpoint: ${why}, please drain this node and delete the ${this.#title} checkpoint file "${this.#path}" before restarting Kubelet`,
        { cause: error },
      )
    }
  }

  async write(text: string): Promise<void> {
    if (text === this.#written) return
    await replaceFile(this.#path, text, 0o600)
    this.#written = text
  }
}
