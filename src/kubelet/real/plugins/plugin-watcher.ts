import { type FSWatcher, watch } from "node:fs"
import { mkdir, readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Clock, Timer } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { connectGrpc, type GrpcChannel } from "../../../base/real/grpc/grpc-channel.ts"
import type { KubeletPaths } from "../kubelet-paths.ts"
import { Nothing, PluginInfo, RegistrationStatus, registrationService } from "./registration-messages.ts"

/** Whoever can use plugins of a type. */
export interface PluginHandler {
  /** Throws why such a plugin is not taken. */
  validate(plugin: PluginInfo): void
  /** `plugin.endpoint` is set. Throws why it could not be taken. */
  register(plugin: PluginInfo): Promise<void>
  unregister(plugin: PluginInfo): Promise<void>
}

export interface PluginWatcherOptions {
  readonly paths: KubeletPaths
  /** By type. */
  readonly handlers: Readonly<Record<string, PluginHandler>>
  readonly clock: Clock
  readonly log: Logger
}

/** A socket that was found; the same path with another identity is another plugin. */
interface Found {
  readonly identity: string
  plugin?: PluginInfo
}

const rescanMs = 10_000
const dialMs = 10_000
const answerMs = 1000
const firstRetryMs = 500
const maxRetryMs = 122_000

/**
 * Finds plugins by the sockets they put into `plugins_registry`, asks each who it is, hands it to those who can use it and
 * tells it what came of that. Who removes the socket, or puts another in its place, takes the plugin away.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/pluginmanager/pluginwatcher/README.md
 */
export class PluginWatcher {
  readonly #options: PluginWatcherOptions
  readonly #found = new Map<string, Found>()
  readonly #retryMs = new Map<string, number>()
  readonly #watchers = new Map<string, FSWatcher>()
  /** Those that are being asked, by path: one that does not answer keeps none at another path waiting. */
  readonly #asking = new Map<string, Promise<void>>()
  #scanning: Promise<void> = Promise.resolve()
  #timer: Timer | undefined
  #stopped = false

  constructor(options: PluginWatcherOptions) {
    this.#options = options
  }

  /** Resolves when what is there has been asked; goes on until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { paths, clock } = this.#options
    await mkdir(paths.pluginsRegistry, { recursive: true, mode: 0o750 })
    signal.addEventListener("abort", () => this.#stop(), { once: true })
    await this.#scan()
    await Promise.all(this.#asking.values())
    // Events of the file system can be lost.
    const again = () => {
      if (this.#stopped) return
      void this.#scan()
      this.#timer = clock.after(rescanMs, again)
    }
    this.#timer = clock.after(rescanMs, again)
  }

  #stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    for (const watcher of this.#watchers.values()) watcher.close()
  }

  #scan(): Promise<void> {
    this.#scanning = this.#scanning
      .then(() => this.#look())
      .catch((error: unknown) => this.#options.log.warn("plugins not looked for", { error }))
    return this.#scanning
  }

  async #look(): Promise<void> {
    if (this.#stopped) return
    const sockets = await this.#sockets(this.#options.paths.pluginsRegistry)
    for (const [path, found] of this.#found)
      if (sockets.get(path) !== found.identity) await this.#remove(path, found)
    for (const [path, identity] of sockets) {
      if (!this.#found.has(path)) this.#ask(path, { identity })
    }
  }

  /** Behind one that was there before it: what that one leaves behind must not be taken for its own. */
  #ask(path: string, found: Found): void {
    this.#found.set(path, found)
    const asking = (this.#asking.get(path) ?? Promise.resolve())
      .then(() => this.#add(path, found))
      .finally(() => {
        if (this.#asking.get(path) === asking) this.#asking.delete(path)
      })
    this.#asking.set(path, asking)
  }

  /** All sockets below a directory with what tells one from the next; directories on the way are watched. */
  async #sockets(directory: string): Promise<Map<string, string>> {
    const sockets = new Map<string, string>()
    this.#watch(directory)
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      const path = join(directory, entry.name)
      if (entry.name.startsWith(".")) continue
      if (entry.isDirectory()) for (const [below, id] of await this.#sockets(path)) sockets.set(below, id)
      if (!entry.isSocket()) continue
      const found = await stat(path).catch(() => undefined)
      if (found) sockets.set(path, `${found.ino} ${found.ctimeMs}`)
    }
    return sockets
  }

  #watch(directory: string): void {
    if (this.#watchers.has(directory)) return
    try {
      const watcher = watch(directory, () => void this.#scan())
      watcher.on("error", () => this.#watchers.delete(directory))
      this.#watchers.set(directory, watcher)
    } catch (error) {
      this.#options.log.debug("directory of plugins not watched", { directory, error })
    }
  }

  async #add(path: string, found: Found): Promise<void> {
    const { log, clock } = this.#options
    if (this.#found.get(path) !== found) return
    try {
      const plugin = await this.#register(path)
      // Its socket went while it was asked.
      if (this.#found.get(path) !== found) return await this.#unregister(plugin)
      found.plugin = plugin
      this.#retryMs.delete(path)
      log.info("plugin registered", { plugin: plugin.name, type: plugin.type })
    } catch (error) {
      const retryMs = this.#retryMs.get(path) ?? firstRetryMs
      log.warn("plugin not registered, trying again", { socket: path, error })
      this.#retryMs.set(path, Math.min(retryMs * 2, maxRetryMs))
      clock.after(retryMs, () => {
        if (this.#found.get(path) !== found) return
        this.#found.delete(path)
        void this.#scan()
      })
    }
  }

  async #remove(path: string, { plugin }: Found): Promise<void> {
    this.#found.delete(path)
    this.#retryMs.delete(path)
    if (plugin) await this.#unregister(plugin)
  }

  async #unregister(plugin: PluginInfo): Promise<void> {
    this.#options.log.info("plugin is gone", { plugin: plugin.name, type: plugin.type })
    await this.#options.handlers[plugin.type]?.unregister(plugin)
  }

  async #register(path: string): Promise<PluginInfo> {
    const { handlers, clock } = this.#options
    const channel = await connectGrpc(`unix:${path}`, () => clock.now())
    try {
      await channel.connected(dialMs)
      const info = await channel.unary(`${registrationService}/GetInfo`, [Nothing, {}], PluginInfo, {
        timeoutMs: answerMs,
      })
      const plugin = { ...info, endpoint: info.endpoint || path }
      const handler = handlers[plugin.type]
      if (!handler)
        return await refuse(
          channel,
          `no handler registered for plugin type: ${plugin.type} at socket ${path}`,
        )
      try {
        handler.validate(plugin)
      } catch (error) {
        return await refuse(channel, `plugin validation failed with err: ${(error as Error).message}`)
      }
      await handler
        .register(plugin)
        .catch((error: Error) => refuse(channel, `plugin registration failed with err: ${error.message}`))
      await notify(channel, { pluginRegistered: true, error: "" }).catch(async (error: unknown) => {
        await handler.unregister(plugin)
        throw error
      })
      return plugin
    } finally {
      channel.close()
    }
  }
}

async function refuse(channel: GrpcChannel, reason: string): Promise<never> {
  const error = `RegisterPlugin error -- ${reason}`
  await notify(channel, { pluginRegistered: false, error })
  throw new Error(error)
}

async function notify(
  channel: GrpcChannel,
  status: { pluginRegistered: boolean; error: string },
): Promise<void> {
  const method = `${registrationService}/NotifyRegistrationStatus`
  await channel.unary(method, [RegistrationStatus, status], Nothing, { timeoutMs: answerMs })
}
