import type { Resource } from "../../apimachinery/resource.ts"
import { Counter, type Metric } from "../../base/metrics.ts"

const perVersion = ["group", "version", "resource"]

/** What watches are told, under upstream's names. */
export class WatchMetrics {
  readonly #events = new Counter({
    name: "apiserver_watch_events_total",
    help: "[ALPHA] Number of events sent in watch clients",
    labels: perVersion,
  })
  readonly #initial = new Counter({
    name: "apiserver_init_events_total",
    help: "[ALPHA] Counter of init events processed in watch cache broken by resource type.",
    labels: ["group", "resource"],
  })
  readonly #terminated = new Counter({
    name: "apiserver_terminated_watchers_total",
    help: "[ALPHA] Counter of watchers closed due to unresponsiveness broken by resource type.",
    labels: ["group", "resource"],
  })

  get metrics(): readonly Metric[] {
    return [this.#events, this.#initial, this.#terminated]
  }

  told({ group, version, plural }: Resource, events: number): void {
    this.#events.add(events, group, version, plural)
  }

  began({ group, plural }: Resource, events: number): void {
    this.#initial.add(events, group, plural)
  }

  cutOff({ group, plural }: Resource): void {
    this.#terminated.add(1, group, plural)
  }
}
