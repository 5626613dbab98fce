import { groupResource } from "../../apimachinery/resource.ts"
import type { Clock } from "../../base/clock.ts"
import type { AdmissionMetrics, AdmissionStep } from "../metrics/admission-metrics.ts"
import type {
  AdmissionAttributes,
  AdmissionChain,
  AdmissionMatch,
  AdmissionOperation,
  AdmissionPlugin,
  AdmittedObject,
} from "./admission.ts"
import { ReinvocationState } from "./reinvocation.ts"

export interface ChainParts {
  readonly clock: Clock
  readonly admissionMetrics: AdmissionMetrics
}

const webhooks = new Set(["MutatingAdmissionWebhook", "ValidatingAdmissionWebhook"])

/** Runs the plugins in the order given. Which of them want to see a kind of request is found out once. */
export class PluginChain implements AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #parts: ChainParts
  readonly #wanting = new Map<string, readonly AdmissionPlugin[]>()

  constructor(plugins: readonly AdmissionPlugin[], parts: ChainParts) {
    this.#plugins = plugins
    this.#parts = parts
  }

  async mutate(attributes: AdmissionAttributes): Promise<AdmittedObject> {
    return this.#measured("admit", attributes, "", () => this.#mutateAll(attributes))
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    return this.#measured("validate", attributes, "", () => this.#validateAll(attributes))
  }

  async #mutateAll(attributes: AdmissionAttributes): Promise<AdmittedObject> {
    const reinvocation = new ReinvocationState()
    const first = await this.#mutateOnce({ ...attributes, reinvocation })
    if (!reinvocation.isRequired) return first
    reinvocation.isReinvoke = true
    return this.#mutateOnce({ ...attributes, object: first, reinvocation })
  }

  async #mutateOnce(attributes: AdmissionAttributes): Promise<AdmittedObject> {
    let current = attributes
    for (const plugin of this.#pluginsFor(attributes)) {
      if (!plugin.mutate) continue
      const state = current
      const mutated = this.#measured("admit", state, plugin.name, () => plugin.mutate!(state))
      const object = mutated instanceof Promise ? await mutated : mutated
      if (object !== current.object) current = { ...current, object }
    }
    return current.object
  }

  async #validateAll(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#pluginsFor(attributes)) {
      if (!plugin.validate) continue
      const validated = this.#measured("validate", attributes, plugin.name, () =>
        plugin.validate!(attributes),
      )
      if (validated instanceof Promise) await validated
    }
  }

  /** Counts how long it took, for one plugin or (no name) for all of them. Most plugins wait for nothing, and nobody for them. */
  #measured<T>(
    step: AdmissionStep,
    { operation, waited }: AdmissionAttributes,
    plugin: string,
    work: () => T | Promise<T>,
  ): T | Promise<T> {
    const { clock, admissionMetrics } = this.#parts
    const beganMs = clock.monotonic()
    const end = (rejected: boolean) => {
      const tookMs = clock.monotonic() - beganMs
      admissionMetrics.ended(plugin, { step, operation, rejected }, tookMs / 1000)
      if (webhooks.has(plugin)) waited?.(tookMs)
    }
    const fail = (error: unknown): never => {
      end(true)
      throw error
    }
    const pass = (result: T): T => {
      end(false)
      return result
    }
    try {
      const result = work()
      if (result instanceof Promise) return result.then(pass, fail)
      return pass(result)
    } catch (error) {
      return fail(error)
    }
  }

  #pluginsFor({ operation, resource, subresource }: AdmissionAttributes): readonly AdmissionPlugin[] {
    const name = groupResource(resource)
    const key = `${operation} ${name}/${subresource}`
    let plugins = this.#wanting.get(key)
    if (!plugins) {
      plugins = this.#plugins.filter(({ on }) =>
        on.some((match) => wants(match, operation, name, subresource)),
      )
      this.#wanting.set(key, plugins)
    }
    return plugins
  }
}

function wants(
  { operations, resources }: AdmissionMatch,
  operation: AdmissionOperation,
  resource: string,
  subresource: string,
): boolean {
  if (!operations.includes(operation)) return false
  if (!resources) return true
  if (subresource === "") return resources.includes(resource)
  const [plural = "", ...group] = resource.split(".")
  const suffix = group.length > 0 ? `.${group.join(".")}` : ""
  return [subresource, "*"].some((each) => resources.includes(`${plural}/${each}${suffix}`))
}
