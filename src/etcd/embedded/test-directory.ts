import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { type EmbeddedStore, type EmbeddedStoreOptions, openEmbeddedStore } from "./embedded-store.ts"

/** For tests: directories that go away, and stores in them whose leases and ages follow a simulated clock. */
export class TestDirectory {
  readonly path = mkdtempSync(join(tmpdir(), "coracle-etcd-"))
  // Turns of the event loop are real ones, as the disk's answers are.
  readonly clock = Object.assign(new SimulatedClock(), {
    soon: (callback: () => void) => realClock.soon(callback),
  })
  readonly #stores: EmbeddedStore[] = []

  async open(options: Partial<EmbeddedStoreOptions> = {}): Promise<EmbeddedStore> {
    const defaults = { directory: this.path, clock: this.clock, log: silentLogger }
    const store = await openEmbeddedStore({ ...defaults, ...options })
    this.#stores.push(store)
    return store
  }

  /** Simulated time, and enough real time for what that has set off to reach the disk. */
  async advance(milliseconds: number): Promise<void> {
    await this.clock.advance(milliseconds)
    await new Promise<void>((resolve) => realClock.after(3, resolve))
    // A transaction that does nothing is answered when everything before it is on the disk.
    for (const store of this.#stores) await store.txn({}).catch(() => {})
  }

  /** The directory as another process would find it if this one were killed now. */
  copy(): TestDirectory {
    const copy = new TestDirectory()
    cpSync(this.path, copy.path, { recursive: true, filter: (path) => !path.includes("/lock.") })
    return copy
  }

  files(prefix: string): string[] {
    return readdirSync(this.path).filter((name) => name.startsWith(prefix))
  }

  async remove(): Promise<void> {
    for (const store of this.#stores) await store.close()
    rmSync(this.path, { recursive: true, force: true })
  }
}
