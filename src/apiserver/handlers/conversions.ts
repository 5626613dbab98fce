import { copyJson } from "../../apimachinery/freeze.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ResourceRequest } from "../resource-request.ts"

/** Gives an object in another version; only within `withConversions`. */
export type Convert = (apiVersion: string, object: KubeObject) => KubeObject

class Missing {
  readonly apiVersion: string
  readonly object: KubeObject

  constructor(apiVersion: string, object: KubeObject) {
    this.apiVersion = apiVersion
    this.object = object
  }
}

/**
 * Runs `work`, which cannot wait and may ask for objects in versions that only a webhook knows how to make. Each time it
 * asks for one that is not there it is stopped, the webhook is asked, and `work` runs again from the start; so it must be
 * pure but for its last run.
 */
export async function withConversions<T>(
  { served, context }: ResourceRequest,
  work: (convert: Convert | undefined) => T,
): Promise<T> {
  const { convert } = served
  if (!convert) return work(undefined)
  const known = new Map<string, KubeObject>()
  const keyOf = (apiVersion: string, object: KubeObject) => `${apiVersion} ${canonicalJson(object)}`
  for (;;) {
    try {
      return work((apiVersion, object) => {
        if (object.apiVersion === apiVersion) return object
        const found = known.get(keyOf(apiVersion, object))
        if (found) return found
        // oxlint-disable-next-line no-throw-literal -- no failure: it comes back with what was missing
        throw new Missing(apiVersion, object)
      })
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      const { apiVersion, object } = error
      const [converted] = await convert([copyJson(object)], apiVersion, context.signal)
      known.set(keyOf(apiVersion, object), converted!)
    }
  }
}
