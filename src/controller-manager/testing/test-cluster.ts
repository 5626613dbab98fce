import { silentLogger, type Logger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import type { AdmissionChain } from "../../apiserver/admission/admission.ts"
import type { CreateSecurity } from "../../apiserver/security.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { Event } from "../../api/core/v1/event.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import type { KubeObject, ObjectKey } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import type { ControllerDefinition } from "../../client/controller.ts"
import { createInformers, type Informers } from "../../client/informers.ts"
import { runControllers } from "../../client/run-controllers.ts"

export interface TestCluster {
  readonly client: Client
  readonly clock: SimulatedClock
  readonly informers: Informers
  readonly server: TestServer
  /** What went wrong inside controllers; a test may look. */
  readonly errors: readonly string[]
  /** Lets time pass, and everything happen that follows. */
  advance(ms: number): Promise<void>
  /** Reads, changes a copy, writes. */
  edit<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, change: (draft: T) => void): Promise<T>
  /** "Normal SuccessfulCreate Created pod: web-abcde", in the order they were recorded, counted ones once. */
  events(about?: Pick<KubeObject, "kind">): Promise<string[]>
  /** The controllers stop wherever they are, and start again knowing nothing. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * The real API server in memory with some controllers, under a clock that the test moves. Nothing schedules or runs
 * pods: see simulated-nodes.ts.
 */
export async function startTestCluster(
  controllers: readonly ControllerDefinition[] | ((server: TestServer) => readonly ControllerDefinition[]),
  options: {
    readonly seed?: string
    readonly startMs?: number
    /** @default everything is allowed, nothing is admitted differently */
    readonly security?: CreateSecurity
    /** A server that refuses or changes some objects. @default nothing is admitted differently */
    readonly admission?: AdmissionChain
  } = {},
): Promise<TestCluster> {
  const clock = new SimulatedClock(options.startMs)
  const random = new SeededRandom(options.seed ?? "controllers")
  const { security, admission } = options
  const server = await startTestServer({
    clock,
    random,
    ...(security && { security }),
    ...(admission && { admission }),
  })
  const { client } = server
  const errors: string[] = []
  const log = collectErrors(errors)
  const informers = createInformers({ client, clock, random, log })
  const abort = new AbortController()
  const definitions = typeof controllers === "function" ? controllers(server) : controllers

  function runAll() {
    const stop = new AbortController()
    // A reader of its own: what the controllers see goes with them.
    const own = createInformers({ client, clock, random, log })
    const running = runControllers({
      controllers: definitions,
      client,
      informers: own,
      clock,
      random,
      log,
      signal: stop.signal,
    })
    own.start(stop.signal)
    return { stop: () => stop.abort(), running }
  }
  let current = runAll()
  informers.start(abort.signal)
  await client.create(Namespace, { metadata: { name: "default" } }).catch(ignoreAlreadyExists)
  await clock.advance(10)

  return {
    client,
    clock,
    informers,
    server,
    errors,
    advance: (ms) => clock.advance(ms),
    async edit(resource, key, change) {
      const draft = structuredClone(await client.get(resource, key))
      change(draft)
      return client.update(resource, draft)
    },
    async events(about) {
      const { items } = await client.list(Event)
      return items
        .filter((event) => !about || event.involvedObject.kind === about.kind)
        .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
        .map((event) => `${event.type} ${event.reason} ${event.message}`)
    },
    async restart() {
      current.stop()
      await current.running
      current = runAll()
    },
    async stop() {
      abort.abort()
      current.stop()
      await current.running
      await server.stop()
    },
  }
}

function collectErrors(errors: string[]): Logger {
  const logger: Logger = {
    ...silentLogger,
    error(message, values) {
      const { error } = values ?? {}
      errors.push(`${message}: ${error instanceof Error ? error.message : JSON.stringify(values)}`)
    },
    named: () => logger,
  }
  return logger
}
