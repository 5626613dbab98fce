import { tooMany } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsLabel, type Errors } from "../../validation/checks.ts"
import { validateConditions } from "../../validation/conditions.ts"
import type { DeviceTaintRule } from "../v1alpha3/device-taint-rule.ts"
import { validateTaint } from "./device.ts"
import { driverName, poolName } from "./names.ts"

const maxConditions = 8

export function* validateTaintRule({ spec }: DeviceTaintRule): Errors {
  const path = fieldPath("spec", "deviceSelector")
  const { driver, pool, device } = spec.deviceSelector ?? {}
  if (driver !== undefined) yield* driverName(driver, path.child("driver"))
  if (pool !== undefined) yield* poolName(pool, path.child("pool"))
  if (device !== undefined) yield* dnsLabel(device, path.child("device"))
  yield* validateTaint(spec.taint, fieldPath("spec", "taint"))
}

export function* validateTaintRuleStatus({ status }: DeviceTaintRule): Errors {
  const path = fieldPath("status", "conditions")
  const conditions = status.conditions ?? []
  yield* validateConditions(conditions, path)
  if (conditions.length > maxConditions) yield tooMany(path, conditions.length, maxConditions)
}
