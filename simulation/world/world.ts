import { createClient } from "../../src/client/create-client.ts"
import { createApiServer, type ApiServer } from "../../src/apiserver/server.ts"
import { servedResources } from "./served-resources.ts"
import { silentLogger } from "../../src/base/log.ts"
import { SimulatedClock } from "../../src/base/simulated/clock.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import type { Client } from "../../src/client/client.ts"
import { createEventSeriesRecorder } from "../../src/client/create-event-series-recorder.ts"
import { createInformers } from "../../src/client/informers.ts"
import { runControllers } from "../../src/client/run-controllers.ts"
import { ConnectionError, type Transport } from "../../src/client/transport.ts"
import { createControllerManager } from "../../src/controller-manager/create-controller-manager.ts"
import type { MemoryStore } from "../../src/etcd/memory/memory-store.ts"
import { createScheduler, type Scheduler } from "../../src/scheduler/scheduler.ts"
import type { Component, FaultRates } from "../operations/operation.ts"
import { createFaultyTransport } from "./faulty-transport.ts"
import type { FaultCounts } from "./fault-counts.ts"
import { Machine, type MachineObserver } from "./machine.ts"
import { networkProvisioner } from "./network-provisioner.ts"
import { openServer } from "./open-server.ts"
import { SimulatedKubelet } from "./simulated-kubelet.ts"

/** Controllers that act on what the operations make; the others would only watch. */
const controllers = [
  "garbage-collector-controller",
  "namespace-controller",
  "disruption-controller",
  "deployment-controller",
  "replicaset-controller",
  "daemonset-controller",
  "job-controller",
  "cronjob-controller",
  "statefulset-controller",
  "endpointslice-controller",
  "node-lifecycle-controller",
  "taint-eviction-controller",
  "pod-garbage-collector-controller",
  "node-ipam-controller",
  "persistentvolume-binder-controller",
  "persistentvolumeclaim-protection-controller",
  "persistentvolume-protection-controller",
]

export interface WorldOptions {
  readonly seed: string
  readonly nodes: number
  readonly rates: FaultRates
  /** With what every cluster has; the world works on a fork. */
  readonly prepared: MemoryStore
  readonly observer: MachineObserver
  readonly counts: FaultCounts
  /** Told of each request of a component, by the component's name. */
  readonly onRequest?: (name: string) => void
}

interface Running {
  stop(): void
}

/** A whole cluster under one clock: real API server, store, controllers and scheduler; machines that are not there. */
export class World {
  readonly clock = new SimulatedClock()
  readonly store: MemoryStore
  readonly machines: readonly Machine[]
  /** Without faults, but down when the server is. */
  readonly users: Client
  scheduler: Scheduler | undefined
  readonly #options: WorldOptions
  readonly #random: SeededRandom
  readonly #running = new Map<string, Running>()
  readonly #lost = new Set<string>()
  #server: ApiServer | undefined
  #transport: Transport | undefined
  #storm = true
  #lives = 0

  constructor(options: WorldOptions) {
    this.#options = options
    this.#random = new SeededRandom(`world/${options.seed}`)
    this.store = options.prepared.fork({ clock: this.clock })
    const failures = new Map<string, number>()
    this.machines = Array.from({ length: options.nodes }, (_, index) => {
      const name = `node-${index}`
      return new Machine(name, this.#random.fork(name), options.observer, failures)
    })
    this.users = createClient(this.#plainRoad())
  }

  async start(): Promise<void> {
    await this.#startServer()
    this.#startControllers()
    this.#startScheduler()
    this.#startProvisioner()
    for (const machine of this.machines) this.#startKubelet(machine)
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) running.stop()
    this.#running.clear()
    await this.#stopServer()
    await this.store.close()
  }

  async takeDown(component: Component): Promise<void> {
    if (component === "apiserver") return this.#stopServer()
    this.#running.get(component)?.stop()
    this.#running.delete(component)
  }

  async bringUp(component: Component): Promise<void> {
    if (component === "apiserver") await this.#startServer()
    else if (!this.#running.has(component)) {
      if (component === "scheduler") this.#startScheduler()
      else this.#startControllers()
    }
  }

  loseNode(index: number): void {
    this.#lost.add(`node-${index}`)
  }

  findNode(index: number): void {
    this.#lost.delete(`node-${index}`)
  }

  reboot(index: number): void {
    const machine = this.machines[index]!
    this.#running.get(machine.name)?.stop()
    machine.reboot()
    this.#startKubelet(machine)
  }

  /** The storm is over: every road is open, everything is up. */
  async heal(): Promise<void> {
    this.#storm = false
    this.#lost.clear()
    for (const component of ["apiserver", "controller-manager", "scheduler"] as const)
      await this.bringUp(component)
  }

  roadOf(name: string): Transport {
    return createFaultyTransport({
      server: () => this.#transport,
      isOpen: () => !this.#lost.has(name),
      rates: () => (this.#storm ? this.#options.rates : undefined),
      clock: this.clock,
      random: this.#fork(name),
      counts: this.#options.counts,
      onRequest: () => this.#options.onRequest?.(name),
    })
  }

  /** Every life of a component draws from a stream of its own. */
  #fork(name: string) {
    return this.#random.fork(`${name}/${this.#lives++}`)
  }

  async #startServer(): Promise<void> {
    if (this.#server) return
    const server = createApiServer({
      store: this.store,
      resources: servedResources,
      clock: this.clock,
      random: this.#fork("apiserver"),
      log: silentLogger,
      security: openServer,
    })
    this.#server = server
    await server.start()
    this.#transport = server.transportFor({ name: "admin", groups: ["system:masters"], extra: {} })
  }

  async #stopServer(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#transport = undefined
    await server?.stop()
  }

  #startControllers(): void {
    const stop = new AbortController()
    const manager = createControllerManager({
      transport: this.roadOf("controller-manager"),
      nodeIpam: { clusterCidrs: ["10.244.0.0/16"] },
      controllers,
      clock: this.clock,
      random: this.#fork("controllers"),
      log: silentLogger,
    })
    void manager.run(stop.signal)
    this.#running.set("controller-manager", { stop: () => stop.abort() })
  }

  #startScheduler(): void {
    const stop = new AbortController()
    const { signal } = stop
    const client = createClient(this.roadOf("scheduler"))
    const parts = { client, clock: this.clock, random: this.#fork("scheduling"), log: silentLogger }
    const informers = createInformers(parts)
    const events = createEventSeriesRecorder({ ...parts, component: "default-scheduler", signal })
    this.scheduler = createScheduler({ ...parts, informers, events })
    informers.start(signal)
    void this.scheduler.run(signal)
    this.#running.set("scheduler", { stop: () => stop.abort() })
  }

  #startProvisioner(): void {
    const stop = new AbortController()
    const client = createClient(this.roadOf("provisioner"))
    const parts = { client, clock: this.clock, random: this.#fork("provisioning"), log: silentLogger }
    const informers = createInformers(parts)
    const controllers = [networkProvisioner]
    void runControllers({ ...parts, controllers, informers, signal: stop.signal })
    informers.start(stop.signal)
    this.#running.set("provisioner", { stop: () => stop.abort() })
  }

  #startKubelet(machine: Machine): void {
    const kubelet = new SimulatedKubelet({
      machine,
      client: createClient(this.roadOf(machine.name)),
      clock: this.clock,
      random: this.#fork("kubelet"),
      log: silentLogger,
    })
    kubelet.run()
    this.#running.set(machine.name, kubelet)
  }

  #plainRoad(): Transport {
    const server = () => {
      if (!this.#transport) throw new ConnectionError("ECONNREFUSED", "connect ECONNREFUSED")
      return this.#transport
    }
    return {
      request: async (request) => server().request(request),
      watch: async (request) => server().watch(request),
      stream: async (request) => server().stream(request),
    }
  }
}
