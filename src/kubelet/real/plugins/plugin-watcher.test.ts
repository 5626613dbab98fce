import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { silentLogger } from "../../../base/log.ts"
import { realClock } from "../../../base/real/clock.ts"
import { type GrpcServer, serveGrpc, unaryMethod } from "../../../base/real/grpc/serve-grpc.ts"
import { kubeletPaths } from "../kubelet-paths.ts"
import { type PluginHandler, PluginWatcher } from "./plugin-watcher.ts"
import { Nothing, PluginInfo, registrationService, RegistrationStatus } from "./registration-messages.ts"

let root: string
let servers: GrpcServer[]
let stop: AbortController

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "coracle-plugins-"))
  servers = []
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  for (const server of servers) await server.close()
  rmSync(root, { recursive: true })
})

/** A plugin that says who it is when `ready` resolves; `told` is called when it hears that it is registered. */
async function servePlugin(
  name: string,
  ready: Promise<void>,
  told: () => void,
  asked = () => {},
): Promise<void> {
  const server = await serveGrpc(join(root, "plugins_registry", `${name}.sock`), {
    [`${registrationService}/GetInfo`]: unaryMethod(Nothing, PluginInfo, async () => {
      asked()
      await ready
      return { type: "Test", name, endpoint: "", supportedVersions: ["1"] }
    }),
    [`${registrationService}/NotifyRegistrationStatus`]: unaryMethod(
      RegistrationStatus,
      Nothing,
      async () => {
        told()
        return {}
      },
    ),
  })
  servers.push(server)
}

it.skipIf(process.platform !== "linux")("a plugin that does not answer keeps no other waiting", async () => {
  const names: string[] = []
  const handler: PluginHandler = {
    validate: () => {},
    register: async ({ name }) => void names.push(name),
    unregister: async () => {},
  }
  let answer: () => void = () => {}
  const whenOtherIsThere = new Promise<void>((resolve) => (answer = resolve))
  await servePlugin("a", whenOtherIsThere, () => {})
  await servePlugin("b", Promise.resolve(), answer)
  const options = {
    paths: kubeletPaths(root),
    handlers: { Test: handler },
    clock: realClock,
    log: silentLogger,
  }
  await new PluginWatcher(options).start(stop.signal)
  expect(names).toEqual(["b", "a"])
})

it.skipIf(process.platform !== "linux")(
  "one whose socket changes while it is asked stays registered",
  async () => {
    const registered = new Set<string>()
    const handler: PluginHandler = {
      validate: () => {},
      register: async ({ name }) => void registered.add(name),
      unregister: async ({ name }) => void registered.delete(name),
    }
    let answer: () => void = () => {}
    const ready = new Promise<void>((resolve) => (answer = resolve))
    let times = 0
    let tellAsked: () => void = () => {}
    const asked = new Promise<void>((resolve) => (tellAsked = resolve))
    let tellTwice: () => void = () => {}
    const toldTwice = new Promise<void>((resolve) => (tellTwice = resolve))
    await servePlugin(
      "a",
      ready,
      () => {
        if (++times === 2) tellTwice()
      },
      tellAsked,
    )
    const paths = kubeletPaths(root)
    const watcher = new PluginWatcher({
      paths,
      handlers: { Test: handler },
      clock: realClock,
      log: silentLogger,
    })
    const started = watcher.start(stop.signal)
    await asked
    chmodSync(join(root, "plugins_registry", "a.sock"), 0o700)
    // Its change is seen before it has answered.
    await new Promise((resolve) => setTimeout(resolve, 200))
    answer()
    await toldTwice
    await started
    expect([...registered]).toEqual(["a"])
  },
)
