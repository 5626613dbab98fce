import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { Random } from "../../../base/random.ts"
import type { Client } from "../../../client/client.ts"
import { CredentialProvider, type RunProvider } from "../../images/credentials/credential-provider.ts"
import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { ServiceAccountTokens } from "../../volumes/service-account-tokens.ts"
import { type ProviderPlaces, readProviders } from "./read-providers.ts"
import { runCredentialProvider } from "./run-credential-provider.ts"

export interface CreateCredentialProvidersOptions {
  readonly credentialProviders?: ProviderPlaces | undefined
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: KubeletMetrics
}

/** As the API gives them when nobody says for how long. */
const tokenSeconds = 3600

/** The programs that this machine has for the passwords of registries. Throws ConfigurationError. */
export function createCredentialProviders(
  { credentialProviders: places, client, clock, random, log, metrics }: CreateCredentialProvidersOptions,
  objects: NodeObjects,
): CredentialProvider[] {
  if (!places) return []
  return readProviders(places).map(
    (settings) =>
      new CredentialProvider({
        settings,
        run: measured(clock, metrics, (program, input) =>
          runCredentialProvider(places.programs, program, input),
        ),
        objects,
        // Not one of those that the pod's volumes show: it is asked for anew whenever a program is.
        token: (pod, audience) =>
          new ServiceAccountTokens({ client, clock, random }).get(pod, audience, tokenSeconds),
        clock,
        log,
      }),
  )
}

function measured(clock: Clock, metrics: KubeletMetrics, run: RunProvider): RunProvider {
  return async (settings, input) => {
    const beganMs = clock.monotonic()
    try {
      return await run(settings, input)
    } catch (error) {
      metrics.credentialProviderErrors.add(1, settings.name)
      throw error
    } finally {
      metrics.credentialProviderDuration.observe((clock.monotonic() - beganMs) / 1000, settings.name)
    }
  }
}
