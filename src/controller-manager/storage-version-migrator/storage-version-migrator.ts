/**
 * Storage version migration: every object of a resource is written again, so that it is stored as the server stores today:
 * in the present storage version, with the present encryption key (https://kep.k8s.io/4192).
 *
 * Reads StorageVersionMigrations and, of the resource they name, every object; applies an empty configuration to each;
 * writes the migrations' status, and in the status of a CustomResourceDefinition that its old versions are no longer
 * stored. Woken by changes of migrations; one runs at a time for each resource.
 */
import { StorageVersionMigration } from "../../api/storagemigration/v1beta1/storage-version-migration.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { formatTime, parseTime } from "../../apimachinery/time.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import { markBegun, markFinished } from "./mark-definition.ts"
import { isTransient, migrateObjects } from "./migrate-objects.ts"
import { planStep, withCondition } from "./plan.ts"

const name = "storage-version-migrator-controller"

/** How long a resource may be unknown: its definition may be on its way. */
const patienceMs = 60_000
const retryMs = 1000

type Discover = () => Promise<Discovered>

export function createStorageVersionMigrator({
  discover,
}: {
  readonly discover: Discover
}): ControllerDefinition {
  return {
    name,
    watches: [
      watch(StorageVersionMigration, (migration, cache) =>
        cache
          .list(StorageVersionMigration, { where: (other) => isSameResource(other, migration) })
          .map(keyOf),
      ),
    ],
    reconcile: (key, context) => reconcile(key, context, discover),
  }
}

async function reconcile(key: ObjectKey, context: ReconcileContext, discover: Discover): Promise<Result> {
  // Observe.
  const { cache, client } = context
  const migration = cache.find(StorageVersionMigration, key)
  if (!migration) return done
  const all = cache.list(StorageVersionMigration, { where: (other) => isSameResource(other, migration) })

  // Decide, act and report: a step at a time.
  const step = planStep(migration, all)
  const now = formatTime(context.clock.now())
  switch (step.kind) {
    case "wait":
      return done
    case "begin":
      await markBegun(client, definitionName(migration), migration.metadata.name, now)
      return say(context, migration, "Running", "True", "MigrationRunning", "The migration is running")
    case "findVersion":
      return findVersion(migration, context, discover)
    case "migrate":
      return migrate(migration, step.upTo, context, discover)
    case "finish":
      await markFinished(client, definitionName(migration), step.isSuccess, now)
      return say(context, migration, "Running", "False", "MigrationCompleted", "Migration completed")
  }
}

/** Objects that are written from now on need no migration. */
async function findVersion(
  migration: StorageVersionMigration,
  context: ReconcileContext,
  discover: Discover,
): Promise<Result> {
  const resource = await findResource(migration, discover)
  if (!resource) return unknownResource(migration, context)
  const { group, version, plural, verbs } = resource
  if (!["create", "list", "patch"].every((verb) => verbs.some((each) => each === verb))) {
    const what = `"${group}/${version}, Resource=${plural}"`
    return fail(
      context,
      migration,
      `resource ${what} does not support discovery operations: [create list patch]`,
    )
  }
  const { metadata } = await context.client.list(resource, { limit: 1 })
  const status = { ...migration.status, resourceVersion: metadata.resourceVersion }
  await context.client.updateStatus(StorageVersionMigration, { ...migration, status })
  return done
}

async function migrate(
  migration: StorageVersionMigration,
  upTo: bigint,
  context: ReconcileContext,
  discover: Discover,
): Promise<Result> {
  const resource = await findResource(migration, discover)
  if (!resource) return unknownResource(migration, context)
  try {
    await migrateObjects(context.client, resource, upTo, name)
  } catch (error) {
    if (isTransient(error)) throw error
    return fail(context, migration, (error as Error).message)
  }
  return say(context, migration, "Succeeded", "True", "StorageVersionMigrationSucceeded", "")
}

async function findResource(
  { spec }: StorageVersionMigration,
  discover: Discover,
): Promise<Resource | undefined> {
  const { group = "", resource } = spec.resource
  const { resources } = await discover()
  return resources.find((each) => each.group === group && each.plural === resource)
}

function unknownResource(
  migration: StorageVersionMigration,
  context: ReconcileContext,
): Promise<Result> | Result {
  const isNew = context.clock.now() - parseTime(migration.metadata.creationTimestamp) < patienceMs
  return isNew ? requeueAfter(retryMs) : fail(context, migration, "resource does not exist in discovery")
}

function fail(context: ReconcileContext, migration: StorageVersionMigration, why: string): Promise<Result> {
  const message = `migration encountered unhandled error: ${why}`
  return say(context, migration, "Failed", "True", "StorageVersionMigrationFailed", message)
}

async function say(
  { client, clock }: ReconcileContext,
  migration: StorageVersionMigration,
  type: string,
  state: "True" | "False",
  reason: string,
  message: string,
): Promise<Result> {
  const lastTransitionTime = formatTime(clock.now())
  const condition = { type, status: state, reason, message, lastTransitionTime }
  const status = { ...migration.status, conditions: withCondition(migration.status.conditions, condition) }
  await client.updateStatus(StorageVersionMigration, { ...migration, status })
  return done
}

function definitionName({ spec }: StorageVersionMigration): string {
  return `${spec.resource.resource}.${spec.resource.group ?? ""}`
}

function isSameResource(a: StorageVersionMigration, b: StorageVersionMigration): boolean {
  return definitionName(a) === definitionName(b)
}
