import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import { formatGroupVersion, type KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { normalize } from "../../apimachinery/structural.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"
import type { Registry } from "../registry/registry.ts"
import type { ConvertObjects, ServedResource } from "../registry/served-resources.ts"
import type { ServerParts } from "../server-parts.ts"
import { isTrue } from "./conditions.ts"
import { createCustomRegistry, prefixOf } from "./custom-registry.ts"
import type { RuleMeter } from "../../apimachinery/validation-rules/validate-rules.ts"
import { customStrategy } from "./custom-strategy.ts"
import { deprecationWarningOf } from "./deprecation-warning.ts"
import { type Instances, instancesOf } from "./instances.ts"
import { resourceOf } from "./to-resource.ts"
import { webhookConversion } from "./webhook-conversion.ts"

/** What is served of one definition. */
interface Serving {
  /** Everything that is served depends on it. */
  readonly fingerprint: string
  /** What the stored objects are read by. */
  readonly storageFingerprint: string
  readonly registry: Registry
  readonly served: readonly ServedResource[]
  /** The stored version, which may not be served. */
  readonly whole: ServedResource
}

type Definition = CustomResourceDefinition

/**
 * Serves what CustomResourceDefinitions declare, from the moment their names are accepted until they are gone; a change is
 * served at once. Watches live on when a change does not touch what objects look like.
 */
export class CustomResources implements ObjectFollower {
  readonly resources = [CustomResourceDefinition]
  readonly #server: ServerParts
  readonly #serving = new Map<string, Serving>()

  constructor(server: ServerParts) {
    this.#server = server
  }

  put(object: KubeObject): void {
    const definition = object as Definition
    const { name } = definition.metadata
    const old = this.#serving.get(name)
    if (!isTrue(definition, "NamesAccepted") && !isTrue(definition, "Established")) {
      if (old) this.#end(name, old)
      return
    }
    const fingerprint = fingerprintOf(definition)
    if (old?.fingerprint === fingerprint) return
    const next = this.#tryToServe(definition, fingerprint, old)
    if (!next) return
    this.#serving.set(name, next)
    this.#server.resources.replace(old?.served ?? [], next.served)
  }

  /** Rules of all definitions are timed together. */
  get #meter(): RuleMeter {
    const { clock, metrics } = this.#server
    return {
      now: () => clock.monotonic(),
      compiled: (milliseconds) => metrics.expressions.compiled(milliseconds / 1000),
      evaluated: (milliseconds) => metrics.expressions.evaluated(milliseconds / 1000),
    }
  }

  /** The objects of a definition; undefined when it is not served. */
  instancesOf(name: string): Instances | undefined {
    const serving = this.#serving.get(name)
    return serving && instancesOf(serving.whole, this.#server.clock)
  }

  remove({ metadata }: KubeObject): void {
    const old = this.#serving.get(metadata.name)
    if (old) this.#end(metadata.name, old)
  }

  #end(name: string, { served, registry }: Serving): void {
    this.#serving.delete(name)
    this.#server.resources.replace(served, [])
    this.#server.mirror.removeResource(prefixOf(registry.storage))
  }

  /** What was stored without validation must not bring down everything else. */
  #tryToServe(definition: Definition, fingerprint: string, old: Serving | undefined): Serving | undefined {
    try {
      return this.#serve(definition, fingerprint, old)
    } catch (error) {
      const { name } = definition.metadata
      this.#server.log.error("a definition cannot be served", { name, error: String(error) })
      return undefined
    }
  }

  #serve(definition: Definition, fingerprint: string, old: Serving | undefined): Serving {
    const { versions } = definition.spec
    const resources = versions.map((version) => resourceOf(definition, version))
    const storageFingerprint = storageFingerprintOf(definition)
    const registry =
      old?.storageFingerprint === storageFingerprint
        ? old.registry
        : this.#newRegistry(definition, resources, old)
    const convert = this.#converter(definition, resources)
    const all = versions.map((version, index): ServedResource => {
      const resource = resources[index]!
      const deprecationWarning = deprecationWarningOf(definition, version)
      return {
        isCustom: true,
        resource,
        registry,
        strategy: customStrategy(resource, version, this.#meter),
        fromStorage: (object) => inVersion(resource, object),
        toStorage: (object) => object,
        ...(convert && { convert }),
        ...(deprecationWarning && { deprecationWarning }),
        ...(isTrue(definition, "Terminating") && { isEnding: true }),
      }
    })
    const served = all.filter((_, index) => versions[index]!.served)
    const whole = all[versions.findIndex(({ storage }) => storage)]!
    return { fingerprint, storageFingerprint, registry, served, whole }
  }

  #converter({ spec }: Definition, versions: readonly Resource[]): ConvertObjects | undefined {
    const { strategy, webhook } = spec.conversion ?? {}
    if (strategy !== "Webhook" || !webhook) return undefined
    const { callWebhook, random } = this.#server
    return webhookConversion({ webhook, versions, callWebhook, random })
  }

  #newRegistry(definition: Definition, resources: readonly Resource[], old: Serving | undefined): Registry {
    const stored = definition.spec.versions.findIndex(({ storage }) => storage)
    const storage = resources[stored]!
    if (old) this.#server.mirror.removeResource(prefixOf(old.registry.storage))
    return createCustomRegistry(this.#server, storage, resources)
  }
}

/** Without a webhook versions differ in their name and in what they know. */
function inVersion(resource: Resource, object: KubeObject): KubeObject {
  return normalize(resource.schema, { ...object, apiVersion: formatGroupVersion(resource) })
}

function fingerprintOf(definition: Definition): string {
  const { spec, status } = definition
  return canonicalJson([
    definition.metadata.uid,
    spec,
    status.acceptedNames,
    isTrue(definition, "Terminating"),
  ])
}

function storageFingerprintOf({ metadata, spec }: Definition): string {
  const versions = spec.versions.map(({ name, storage, schema }) => [name, storage, schema ?? null])
  return canonicalJson([metadata.uid, versions, spec.conversion ?? null])
}
