import {
  CustomResourceDefinition,
  type CustomResourceDefinitionCondition,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"

type Condition = Omit<CustomResourceDefinitionCondition, "type" | "observedGeneration">

const type = "StorageMigrating"

/** The migrated resource's definition, if it has one. */
async function find(client: Client, name: string): Promise<CustomResourceDefinition | undefined> {
  return client.get(CustomResourceDefinition, { name }).catch(ignoreNotFound)
}

/** Says in the definition that its objects are being written again. Throws Conflict when it changed meanwhile. */
export async function markBegun(client: Client, name: string, migration: string, now: string): Promise<void> {
  const definition = await find(client, name)
  if (!definition) return
  const message = `Migration ${migration} is running`
  await write(client, definition, {
    status: "True",
    reason: "MigrationRunning",
    message,
    lastTransitionTime: now,
  })
}

/**
 * Says how it went. If the definition is still what it was when the migration began, nothing is stored any more in any but
 * its storage version, and it says that, too. Throws Conflict when it changed meanwhile.
 */
export async function markFinished(
  client: Client,
  name: string,
  isSuccess: boolean,
  now: string,
): Promise<void> {
  const definition = await find(client, name)
  if (!definition) return
  const begun = definition.status.conditions?.find((each) => each.type === type)
  const isUnchanged = begun?.observedGeneration === definition.metadata.generation
  const outcome = isUnchanged
    ? "and the stored versions have been updated"
    : "but the stored versions have not been updated due to a generation mismatch"
  const verdict = isSuccess
    ? { reason: "MigrationSucceeded", message: `The migration has succeeded ${outcome}` }
    : { reason: "MigrationFailed", message: "The migration has failed" }
  const storage = definition.spec.versions.find((version) => version.storage)
  const storedVersions = isSuccess && isUnchanged && storage ? [storage.name] : undefined
  await write(client, definition, { status: "False", ...verdict, lastTransitionTime: now }, storedVersions)
}

async function write(
  client: Client,
  definition: CustomResourceDefinition,
  condition: Condition,
  storedVersions = definition.status.storedVersions,
): Promise<void> {
  const { conditions = [] } = definition.status
  const { generation } = definition.metadata
  const next = { ...condition, type, ...(generation && { observedGeneration: generation }) }
  const others = (conditions ?? []).filter((each) => each.type !== type)
  const status = { ...definition.status, storedVersions, conditions: [...others, next] }
  await client.updateStatus(CustomResourceDefinition, { ...definition, status })
}
