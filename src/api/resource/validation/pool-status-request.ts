import { invalidValue, requiredValue, tooLong, tooMany } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { caselessDnsSubdomainProblems, dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsSubdomain, type Errors, immutable, nonNegative, problems } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { PoolStatus, ResourcePoolStatusRequest } from "../v1alpha3/resource-pool-status-request.ts"

const path = fieldPath("spec")
const maxLimit = 1000
const maxNameBytes = 253
const maxPools = 1000
const maxConditions = 10
const maxErrorBytes = 256

export function* validatePoolStatusRequest({ spec }: ResourcePoolStatusRequest): Errors {
  const { driver, poolName, limit } = spec
  yield* poolDriver(driver, path.child("driver"))
  if (poolName !== undefined) yield* poolSegments(poolName, path.child("poolName"))
  if (limit === undefined) return
  const problem =
    limit < 1
      ? "must be greater than or equal to 1"
      : limit > maxLimit
        ? `must be less than or equal to ${maxLimit}`
        : undefined
  if (problem) yield invalidValue(path.child("limit"), limit, problem)
}

function* poolDriver(driver: string | undefined, at: FieldPath): Errors {
  if (driver) yield* problems(driver, at, caselessDnsSubdomainProblems(driver))
  else yield requiredValue(at)
}

function* poolSegments(name: string, at: FieldPath): Errors {
  if (utf8Length(name) > maxNameBytes) yield tooLong(at, maxNameBytes)
  for (const [index, segment] of name.split("/").entries()) {
    const found = segment ? dnsSubdomainProblems(segment) : ["must not be empty"]
    for (const problem of found) yield invalidValue(at, name, `segment ${index}: ${problem}`)
  }
}

/** An answer is given once, whole. */
export function* validatePoolStatus(
  { status }: ResourcePoolStatusRequest,
  { status: before }: ResourcePoolStatusRequest,
): Errors {
  const at = fieldPath("status")
  if (before) yield* immutable(status, before, at)
  if (!status || semanticEqual(status, before)) return
  const { poolCount, pools = [], conditions = [] } = status
  if (!before) yield* validateConditions(conditions, at.child("conditions"))
  if (poolCount === undefined) yield requiredValue(at.child("poolCount"))
  yield* nonNegative(poolCount, at.child("poolCount"))
  if (pools.length > maxPools) yield tooMany(at.child("pools"), pools.length, maxPools)
  else for (const [index, pool] of pools.entries()) yield* poolStatus(pool, at.child("pools").index(index))
  if (conditions.length > maxConditions) {
    yield tooMany(at.child("conditions"), conditions.length, maxConditions)
  }
}

const countNames = ["totalDevices", "allocatedDevices", "availableDevices", "unavailableDevices"] as const

function* poolStatus(pool: PoolStatus, at: FieldPath): Errors {
  const { driver, poolName, generation, resourceSliceCount = 1, nodeName, validationError = "" } = pool
  yield* poolDriver(driver, at.child("driver"))
  if (poolName) yield* poolSegments(poolName, at.child("poolName"))
  else yield requiredValue(at.child("poolName"))
  // Zero, which is as good as absent, is refused as such.
  if (generation === 0) yield requiredValue(at.child("generation"))
  yield* nonNegative(generation, at.child("generation"))
  if (resourceSliceCount < 1) {
    yield invalidValue(
      at.child("resourceSliceCount"),
      resourceSliceCount,
      "must be greater than or equal to 1",
    )
  }
  for (const name of countNames) yield* nonNegative(pool[name], at.child(name))
  if (nodeName !== undefined) yield* dnsSubdomain(nodeName, at.child("nodeName"))
  if (utf8Length(validationError) > maxErrorBytes) yield tooLong(at.child("validationError"), maxErrorBytes)
}
