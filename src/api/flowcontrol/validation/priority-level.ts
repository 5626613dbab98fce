import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, within } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { mandatoryLevels } from "../mandatory.ts"
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from "../v1/priority-level-configuration.ts"
import { conditionTypes } from "./conditions.ts"

const path = fieldPath("spec")
const preservesZero = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares"
const notNegative = "must be a non-negative integer"

export function* validatePriorityLevel(level: PriorityLevelConfiguration): Errors {
  const { metadata, status } = level
  if (metadata.annotations?.[preservesZero] !== undefined) {
    yield forbiddenValue("metadata.annotations", `annotation '${preservesZero}' is forbidden`)
  }
  yield* validateSpec(level)
  yield* mandatory(level)
  yield* conditionTypes(status?.conditions)
}

export function* validatePriorityLevelStatus({ status }: PriorityLevelConfiguration): Errors {
  yield* conditionTypes(status?.conditions)
}

function* validateSpec({ metadata, spec }: PriorityLevelConfiguration): Errors {
  const { type, limited, exempt } = spec
  if ((metadata.name === "exempt") !== (type === "Exempt")) {
    yield invalidValue(path.child("type"), type, "must be 'Exempt' if and only if `name` is 'exempt'")
  }
  if (type === "Exempt") {
    if (limited) yield forbiddenValue(path.child("limited"), "must be nil if the type is not Limited")
    if (exempt) yield* shares(exempt, path.child("exempt"))
  } else if (type === "Limited") {
    if (exempt) yield forbiddenValue(path.child("exempt"), "must be nil if the type is Limited")
    if (limited) yield* validateLimited(limited, path.child("limited"))
    else yield requiredValue(path.child("limited"), "must not be empty when type is Limited")
  } else yield unsupportedValue(path.child("type"), type, ["Exempt", "Limited"])
}

/** Administrators may lend the exempt level's seats; all else of the mandatory levels is fixed. */
function* mandatory({ metadata: { name }, spec }: PriorityLevelConfiguration): Errors {
  const fixed = mandatoryLevels.find((each) => each.metadata.name === name)?.spec
  if (!fixed) return
  if (name !== "exempt") {
    if (!semanticEqual(spec, fixed)) {
      yield invalidValue(path, spec, `spec of '${name}' must equal the fixed value`)
    }
  } else if (!semanticEqual({ ...spec, exempt: undefined }, { ...fixed, exempt: undefined })) {
    const detail = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`
    yield invalidValue(path, spec, detail)
  }
}

interface Shares {
  readonly nominalConcurrencyShares?: number
  readonly lendablePercent?: number
}

function* shares({ nominalConcurrencyShares: nominal = 0, lendablePercent }: Shares, at: FieldPath): Errors {
  if (nominal < 0) yield invalidValue(at.child("nominalConcurrencyShares"), nominal, notNegative)
  if (lendablePercent !== undefined) yield* within(lendablePercent, at.child("lendablePercent"), 0, 100)
}

function* validateLimited(limited: LimitedPriorityLevelConfiguration, at: FieldPath): Errors {
  const { nominalConcurrencyShares: nominal = 0, lendablePercent, borrowingLimitPercent: borrowing } = limited
  if (nominal < 0) yield invalidValue(at.child("nominalConcurrencyShares"), nominal, notNegative)
  yield* limitResponse(limited.limitResponse, at.child("limitResponse"))
  yield* shares({ ...(lendablePercent !== undefined && { lendablePercent }) }, at)
  if (borrowing !== undefined && borrowing < 0) {
    yield invalidValue(at.child("borrowingLimitPercent"), borrowing, `if specified, ${notNegative}`)
  }
}

function* limitResponse({ type, queuing }: LimitResponse, at: FieldPath): Errors {
  const queuingPath = at.child("queuing")
  if (type === "Reject") {
    if (queuing) yield forbiddenValue(queuingPath, "must be nil if limited.limitResponse.type is not Limited")
  } else if (type === "Queue") {
    if (queuing) yield* validateQueuing(queuing, queuingPath)
    else yield requiredValue(queuingPath, "must not be empty if limited.limitResponse.type is Limited")
  } else yield unsupportedValue(at.child("type"), type, ["Queue", "Reject"])
}

const maxQueues = 10_000_000
const maxHashBits = 60

/** A flow's hand of queues is dealt by a hash, which must be wide enough. */
function* validateQueuing(
  { queues, handSize, queueLengthLimit }: QueuingConfiguration,
  at: FieldPath,
): Errors {
  const notPositive = "must be positive"
  if (queueLengthLimit <= 0) yield invalidValue(at.child("queueLengthLimit"), queueLengthLimit, notPositive)
  if (queues <= 0) yield invalidValue(at.child("queues"), queues, notPositive)
  else if (queues > maxQueues) {
    yield invalidValue(at.child("queues"), queues, `must not be greater than ${maxQueues}`)
  }
  const handPath = at.child("handSize")
  if (handSize <= 0) yield invalidValue(handPath, handSize, notPositive)
  else if (handSize > queues) {
    yield invalidValue(handPath, handSize, `should not be greater than queues (${queues})`)
  } else if (Math.ceil(Math.log2(queues) * handSize) > maxHashBits) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`
    yield invalidValue(handPath, handSize, detail)
  }
}
