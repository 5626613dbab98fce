import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { dnsSubdomain, type Errors } from "../../validation/checks.ts"
import type { ResourcePoolStatusRequest } from "../v1alpha3/resource-pool-status-request.ts"

const path = fieldPath("spec")
const maxLimit = 1000

export function* validatePoolStatusRequest({ spec }: ResourcePoolStatusRequest): Errors {
  const { driver, poolName, limit } = spec
  if (driver) yield* dnsSubdomain(driver, path.child("driver"))
  else yield requiredValue(path.child("driver"))
  for (const [index, segment] of (poolName?.split("/") ?? []).entries()) {
    const problems = segment ? dnsSubdomainProblems(segment) : ["must not be empty"]
    for (const problem of problems) {
      yield invalidValue(path.child("poolName"), poolName, `segment ${index}: ${problem}`)
    }
  }
  if (limit === undefined) return
  const problem =
    limit < 1
      ? "must be greater than or equal to 1"
      : limit > maxLimit
        ? `must be less than or equal to ${maxLimit}`
        : undefined
  if (problem) yield invalidValue(path.child("limit"), limit, problem)
}
