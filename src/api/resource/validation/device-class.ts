import { invalidValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { isExtendedResource } from "../../core/validation/resources.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { DeviceClass } from "../v1/device-class.ts"
import {
  maxConfigurations,
  type SelectorCheck,
  validateConfiguration,
  validateSelectors,
} from "./configuration.ts"
import { eachOf } from "./lists.ts"

const path = fieldPath("spec")

/** @param old the state before, for an update */
export function* validateDeviceClass(
  { spec }: DeviceClass,
  old: DeviceClass | undefined,
  check: SelectorCheck,
): Errors {
  const sameSelectors = !!old && semanticEqual(spec.selectors, old.spec.selectors)
  yield* validateSelectors(spec.selectors, path.child("selectors"), check, sameSelectors)
  const sameConfig = !!old && semanticEqual(spec.config, old.spec.config)
  yield* eachOf(spec.config, path.child("config"), maxConfigurations, (config, at) =>
    validateConfiguration(config, at, sameConfig),
  )
  const { extendedResourceName: name } = spec
  if (name !== undefined && !isExtendedResource(name)) {
    yield invalidValue(path.child("extendedResourceName"), name, "must be a valid extended resource name")
  }
}
