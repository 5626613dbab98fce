import { mandatoryLevels, mandatorySchemas } from "../../api/flowcontrol/mandatory.ts"
import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreAlreadyExists, ignoreConflict, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Client } from "../../client/client.ts"
import { suggestedLevels, suggestedSchemas } from "../flow-control/default-objects.ts"
import { type DefaultObjects, planDefaultObjects } from "../flow-control/plan-default-objects.ts"

const fieldManager = "api-priority-and-fairness-config-producer-v1"
const repairMs = 60_000

/** Makes true that the default levels and schemas are there, and those that are the cluster's own as they should be. */
export async function ensureFlowControl(client: Client): Promise<void> {
  await ensure(client, PriorityLevelConfiguration, { mandatory: mandatoryLevels, suggested: suggestedLevels })
  await ensure(client, FlowSchema, { mandatory: mandatorySchemas, suggested: suggestedSchemas })
}

/** Sees to it again each minute, until `signal` aborts. Never rejects. */
export async function keepFlowControl(
  client: Client,
  { clock, log }: { clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await sleep(clock, repairMs, signal)
    if (signal.aborted) return
    await ensureFlowControl(client).catch((error: unknown) =>
      log.warn("the default flow control objects could not be ensured; tried again in a minute", { error }),
    )
  }
}

/** Worked out once: they are looked at for as long as the server runs. */
const whole = new WeakMap<KubeObject, KubeObject>()

function withDefaults<T extends KubeObject>({ schema }: Resource<T>, object: T): T {
  let known = whole.get(object)
  if (!known) whole.set(object, (known = applyDefaults(schema, object)))
  return known as T
}

async function ensure<T extends KubeObject & { readonly spec: object }>(
  client: Client,
  resource: Resource<T>,
  wanted: DefaultObjects<T>,
): Promise<void> {
  const { items } = await client.list(resource)
  const defaults = {
    mandatory: wanted.mandatory.map((object) => withDefaults(resource, object)),
    suggested: wanted.suggested.map((object) => withDefaults(resource, object)),
  }
  const { create, update, remove } = planDefaultObjects(defaults, items)
  const options = { fieldManager }
  await Promise.all([
    ...create.map((each) => client.create(resource, each as never, options).catch(ignoreAlreadyExists)),
    // Somebody else was at it: what became of it is seen next time.
    ...update.map((each) => client.update(resource, each, options).catch(ignoreConflict)),
    ...remove.map(({ metadata: { name } }) => client.delete(resource, { name }).catch(ignoreNotFound)),
  ])
}
