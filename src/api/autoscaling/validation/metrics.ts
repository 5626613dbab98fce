import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { pathSegmentProblems } from "../../../apimachinery/names.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { validateContainerResourceName } from "../../core/validation/resources.ts"
import { dnsLabel, type Errors, problems } from "../../validation/checks.ts"
import type { MetricIdentifier, MetricSpec, MetricTarget } from "../v2/horizontal-pod-autoscaler.ts"
import { validateReference } from "./reference.ts"

/** In the order in which they are looked at. */
const sources = {
  object: "Object",
  external: "External",
  pods: "Pods",
  resource: "Resource",
  containerResource: "ContainerResource",
} as const
type Source = keyof typeof sources
const names = Object.keys(sources) as Source[]
const types = Object.values(sources).sort() as readonly string[]

export function* validateMetric(metric: MetricSpec, path: FieldPath): Errors {
  const { type } = metric
  if (!type) yield requiredValue(path.child("type"), "must specify a metric source type")
  if (!types.includes(type)) yield unsupportedValue(path.child("type"), type, types)
  const present = names.filter((name) => metric[name])
  if (present.length > 0) yield* rules[present[0]!](metric, path.child(present[0]!))
  const expected = names.find((name) => sources[name] === type)
  if (!expected) yield unsupportedValue(path.child("type"), type, types)
  else if (!metric[expected]) {
    yield requiredValue(path.child(expected), "must populate information for the given metric source")
  }
  if (present.length === 1) return
  for (const name of present) {
    if (name !== expected)
      yield forbiddenValue(path.child(name), "must populate the given metric source only")
  }
}

const rules: Readonly<Record<Source, (metric: MetricSpec, path: FieldPath) => Errors>> = {
  *object({ object }, path) {
    yield* validateReference(object!.describedObject, { needsGroup: false }, path.child("describedObject"))
    yield* identifier(object!.metric, path.child("metric"))
    yield* target(object!.target, path.child("target"))
    yield* valueOrAverage(object!.target, "must set either a target value or averageValue", path)
  },
  *external({ external }, path) {
    yield* identifier(external!.metric, path.child("metric"))
    yield* target(external!.target, path.child("target"))
    const detail = "must set either a target value for metric or a per-pod target"
    yield* valueOrAverage(external!.target, detail, path)
    const { value, averageValue } = external!.target
    if (value !== undefined && averageValue !== undefined) {
      const both = "may not set both a target value for metric and a per-pod target"
      yield forbiddenValue(path.child("target", "value"), both)
    }
  },
  *pods({ pods }, path) {
    yield* identifier(pods!.metric, path.child("metric"))
    yield* target(pods!.target, path.child("target"))
    if (pods!.target.averageValue !== undefined) return
    yield requiredValue(path.child("target", "averageValue"), "must specify a positive target averageValue")
  },
  *resource({ resource }, path) {
    if (!resource!.name) yield requiredValue(path.child("name"), "must specify a resource name")
    yield* target(resource!.target, path.child("target"))
    yield* utilizationOrAverage(resource!.target, path)
  },
  *containerResource({ containerResource: source }, path) {
    const { name, container } = source!
    if (name) yield* validateContainerResourceName(name, path.child("name"))
    else yield requiredValue(path.child("name"), "must specify a resource name")
    if (container) yield* dnsLabel(container, path.child("container"))
    else yield requiredValue(path.child("container"), "must specify a container")
    yield* target(source!.target, path.child("target"))
    yield* utilizationOrAverage(source!.target, path)
  },
}

function* identifier({ name }: MetricIdentifier, path: FieldPath): Errors {
  if (name) yield* problems(name, path.child("name"), pathSegmentProblems(name))
  else yield requiredValue(path.child("name"), "must specify a metric name")
}

function* valueOrAverage({ value, averageValue }: MetricTarget, detail: string, path: FieldPath): Errors {
  if (value === undefined && averageValue === undefined) {
    yield requiredValue(path.child("target", "averageValue"), detail)
  }
}

function* utilizationOrAverage({ averageUtilization, averageValue }: MetricTarget, path: FieldPath): Errors {
  const at = path.child("target")
  const count = [averageUtilization, averageValue].filter((target) => target !== undefined).length
  if (count === 0) {
    const detail = "must set either a target raw value or a target utilization"
    yield requiredValue(at.child("averageUtilization"), detail)
  } else if (count === 2) {
    const detail = "may not set both a target raw value and a target utilization"
    yield forbiddenValue(at.child("averageValue"), detail)
  }
}

function* target(of: MetricTarget, path: FieldPath): Errors {
  const { type, averageUtilization } = of
  if (!type) yield requiredValue(path.child("type"), "must specify a metric target type")
  if (type !== "Utilization" && type !== "Value" && type !== "AverageValue") {
    yield invalidValue(path.child("type"), type, "must be either Utilization, Value, or AverageValue")
  }
  for (const name of ["value", "averageValue"] as const) {
    const amount = of[name]
    if (amount === undefined) continue
    const quantity = parseQuantity(amount)
    if (quantity.nanos <= 0n) yield invalidValue(path.child(name), quantity.text, "must be positive")
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    yield invalidValue(path.child("averageUtilization"), averageUtilization, "must be greater than 0")
  }
}
