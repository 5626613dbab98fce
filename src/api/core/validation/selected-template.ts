import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import {
  matchesLabels,
  type Selector,
  selectorFromObject,
  selectsEverything,
} from "../../../apimachinery/labels.ts"
import { type Errors, labelSelector } from "../../validation/checks.ts"
import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { PodTemplateSpec } from "../v1/pod.ts"

// Controllers own the pods that their selector selects, so it has to select those they make.

/** @param kind of the controller, for the text */
export function* validateSelector(
  selector: LabelSelector | undefined,
  kind: string,
  path: FieldPath,
): Errors {
  if (!selector) {
    yield requiredValue(path)
    return
  }
  yield* labelSelector(selector, path)
  if (isEmptySelector(selector)) yield invalidValue(path, selector, `empty selector is invalid for ${kind}`)
}

export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0
}

/** Undefined when it is no valid selector. */
export function parseSelector(selector: LabelSelector | undefined): Selector | undefined {
  try {
    return selectorFromObject(selector)
  } catch {
    return undefined
  }
}

export function* validateSelected(selector: Selector, template: PodTemplateSpec, path: FieldPath): Errors {
  const labels = template.metadata?.labels
  if (selectsEverything(selector) || matchesLabels(selector, labels)) return
  const detail = "`selector` does not match template `labels`"
  yield invalidValue(path.child("metadata", "labels"), labels ?? null, detail)
}

/** Pods that are kept running have no end. */
export function* validateEndless(template: PodTemplateSpec, kind: string, path: FieldPath): Errors {
  const { restartPolicy, activeDeadlineSeconds } = template.spec
  if (restartPolicy !== "Always") {
    yield unsupportedValue(path.child("spec", "restartPolicy"), restartPolicy ?? "", ["Always"])
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`
    yield forbiddenValue(path.child("spec", "activeDeadlineSeconds"), detail)
  }
}
