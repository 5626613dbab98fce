import type { MutatingWebhook } from "../../../api/admissionregistration/v1/mutating-webhook-configuration.ts"
import type { ValidatingWebhook } from "../../../api/admissionregistration/v1/validating-webhook-configuration.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import { type Selector, selectorFromObject } from "../../../apimachinery/labels.ts"
import type { Cache } from "../../../client/cache.ts"

export type Webhook = MutatingWebhook | ValidatingWebhook

/** A webhook of a configuration, with what is found out about it once. */
export interface Hook<W extends Webhook = Webhook> {
  readonly webhook: W
  readonly configurationName: string
  /** Tells it apart from all others, also from those of the same name in its own configuration. */
  readonly uid: string
  readonly namespaceSelector: Selector
  readonly objectSelector: Selector
}

interface Configuration<W> extends KubeObject {
  readonly webhooks?: readonly W[]
}

/** The webhooks there are now, by the names of their configurations and within one as they stand there. */
export function hookSource<W extends Webhook>(cache: Cache, resource: Resource): () => readonly Hook<W>[] {
  const compiled = new WeakMap<KubeObject, readonly Hook<W>[]>()
  return () => {
    const configurations = cache.list(resource) as readonly Configuration<W>[]
    if (configurations.length === 0) return none
    return configurations.flatMap((configuration) => {
      let hooks = compiled.get(configuration)
      if (!hooks) compiled.set(configuration, (hooks = compile(configuration)))
      return hooks
    })
  }
}

const none: readonly never[] = []

function compile<W extends Webhook>({ metadata, webhooks = [] }: Configuration<W>): Hook<W>[] {
  const seen = new Map<string, number>()
  return webhooks.map((webhook) => {
    const { name, namespaceSelector, objectSelector } = webhook
    const index = seen.get(name) ?? 0
    seen.set(name, index + 1)
    return {
      webhook,
      configurationName: metadata.name,
      uid: `${metadata.name}/${name}/${index}`,
      // An absent selector selects everything, unlike elsewhere.
      namespaceSelector: selectorFromObject(namespaceSelector ?? {}),
      objectSelector: selectorFromObject(objectSelector ?? {}),
    }
  })
}
