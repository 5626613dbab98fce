import { groupResource } from "../../apimachinery/resource.ts"
import type {
  AdmissionAttributes,
  AdmissionChain,
  AdmissionMatch,
  AdmissionOperation,
  AdmissionPlugin,
  AdmittedObject,
} from "./admission.ts"
import { ReinvocationState } from "./reinvocation.ts"

/** Runs the plugins in the order given. Which of them want to see a kind of request is found out once. */
export class PluginChain implements AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #wanting = new Map<string, readonly AdmissionPlugin[]>()

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins
  }

  async mutate(attributes: AdmissionAttributes): Promise<AdmittedObject> {
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
      const object = await plugin.mutate(current)
      if (object !== current.object) current = { ...current, object }
    }
    return current.object
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#pluginsFor(attributes)) await plugin.validate?.(attributes)
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
