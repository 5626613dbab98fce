import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"
import { mandatoryLevels, mandatorySchemas } from "../../api/flowcontrol/mandatory.ts"
import { suggestedLevels, suggestedSchemas } from "../flow-control/default-objects.ts"

/** Makes true that the default levels and schemas are there; what people have made of them is left alone. */
export async function ensureFlowControl(client: Client): Promise<void> {
  await ensureMissing(client, PriorityLevelConfiguration, [...mandatoryLevels, ...suggestedLevels])
  await ensureMissing(client, FlowSchema, [...mandatorySchemas, ...suggestedSchemas])
}

async function ensureMissing<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  wanted: readonly T[],
): Promise<void> {
  const { items } = await client.list(resource)
  const existing = new Set(items.map(({ metadata }) => metadata.name))
  const missing = wanted.filter(({ metadata }) => !existing.has(metadata.name))
  await Promise.all(missing.map((each) => client.create(resource, each as never).catch(ignoreAlreadyExists)))
}
