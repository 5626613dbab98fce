/**
 * Token cleaner: a bootstrap token whose time is over is deleted.
 *
 * Reads and deletes Secrets of that type in kube-system. Woken by changes of them, and by time.
 */
import { Secret } from "../../api/core/v1/secret.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { type ControllerDefinition, done, requeueAfter, watch } from "../../client/controller.ts"
import { expiresInMs, isBootstrapToken, keyOfToken } from "./bootstrap-token.ts"

export const tokenCleanerController: ControllerDefinition = {
  name: "token-cleaner-controller",
  eventSource: "token-cleaner",
  watches: [watch(Secret, keyOfToken)],
  async reconcile(key, { client, cache, clock }) {
    const secret = cache.find(Secret, key)
    if (!secret || !isBootstrapToken(secret)) return done
    const inMs = expiresInMs(secret, clock.now())
    if (inMs === undefined) return done
    if (inMs > 0) return requeueAfter(inMs)
    try {
      await client.delete(Secret, key, { preconditions: { uid: secret.metadata.uid } })
    } catch (error) {
      // Gone, or gone and followed by another of the same name.
      if (!isStatusError(error, "NotFound", "Conflict")) throw error
    }
    return done
  },
}
