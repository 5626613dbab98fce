import { spawnSync } from "node:child_process"
import type { Place } from "./test-etcd.ts"

/** Whether this process may make network namespaces. */
export function canMakeNamespaces(): boolean {
  const name = `coracle-try-${process.pid}`
  if (spawnSync("ip", ["netns", "add", name]).status !== 0) return false
  spawnSync("ip", ["netns", "del", name])
  return true
}

/** A network of namespaces on this machine, one for each member, any of which can be cut off from all the others. */
export class TestNetwork {
  readonly places: readonly Place[]
  readonly #bridge = `ce${process.pid % 100_000}b`

  constructor(size: number) {
    run("link", "add", this.#bridge, "type", "bridge")
    run("addr", "add", "10.213.77.1/24", "dev", this.#bridge)
    run("link", "set", this.#bridge, "up")
    this.places = Array.from({ length: size }, (_, index) => this.#add(index))
  }

  cutOff(index: number): void {
    run("link", "set", this.#link(index), "down")
  }

  heal(index: number): void {
    run("link", "set", this.#link(index), "up")
  }

  remove(): void {
    for (const index of this.places.keys()) run("netns", "del", this.#namespace(index))
    run("link", "del", this.#bridge)
  }

  #add(index: number): Place {
    const namespace = this.#namespace(index)
    const address = `10.213.77.${11 + index}`
    run("netns", "add", namespace)
    run("link", "add", this.#link(index), "type", "veth", "peer", "name", "eth0", "netns", namespace)
    run("link", "set", this.#link(index), "master", this.#bridge, "up")
    run("-n", namespace, "addr", "add", `${address}/24`, "dev", "eth0")
    run("-n", namespace, "link", "set", "eth0", "up")
    run("-n", namespace, "link", "set", "lo", "up")
    const command = ["ip", "netns", "exec", namespace, "etcd"]
    return { client: `${address}:2379`, peer: `${address}:2380`, command }
  }

  #namespace(index: number): string {
    return `coracle-etcd-${process.pid}-${index}`
  }

  #link(index: number): string {
    return `ce${process.pid % 100_000}v${index}`
  }
}

function run(...words: string[]): void {
  const { status, stderr } = spawnSync("ip", words, { encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${stderr}`)
}
