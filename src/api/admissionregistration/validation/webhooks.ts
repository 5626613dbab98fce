import {
  duplicateValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dns1035LabelProblems, dnsSubdomainProblems } from "../../../apimachinery/names.ts"
import { type Errors, labelSelector, oneOfIfSet, problems } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { validateWebhookService, validateWebhookUrl } from "../../validation/webhook-client.ts"
import type { MutatingWebhook, MutatingWebhookConfiguration } from "../v1/mutating-webhook-configuration.ts"
import type { ValidatingWebhookConfiguration } from "../v1/validating-webhook-configuration.ts"
import type { WebhookClientConfig } from "../v1/webhook-client-config.ts"
import { type ExpressionCheck, validateMatchConditions } from "./expressions.ts"
import { validateRule } from "./rules.ts"

type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
/** A mutating webhook has everything that a validating one has. */
type Webhook = Partial<Pick<MutatingWebhook, "reinvocationPolicy">> &
  Omit<MutatingWebhook, "reinvocationPolicy">

const reviewVersions = ["v1", "v1beta1"]
const safeSideEffects = ["None", "NoneOnDryRun"]
const allSideEffects = ["None", "NoneOnDryRun", "Some", "Unknown"]

/** What older servers let in may stay as it is until it is mended. */
interface Leniency {
  readonly sideEffects: boolean
  readonly reviewVersions: boolean
  readonly names: boolean
  readonly labelValues: boolean
  readonly matchConditions: boolean
}

/** @param old the state before, for an update */
export function* validateWebhooks(
  configuration: Configuration,
  old: Configuration | undefined,
  check: ExpressionCheck,
): Errors {
  const webhooks: readonly Webhook[] = configuration.webhooks ?? []
  const before: readonly Webhook[] | undefined = old && (old.webhooks ?? [])
  const lenient = before && leniency(webhooks, before)
  const names = new Set<string>()
  for (const [index, webhook] of webhooks.entries()) {
    const path = fieldPath("webhooks").index(index)
    yield* validateWebhook(webhook, path, lenient)
    if (!lenient?.matchConditions) {
      const stored = before?.flatMap(({ matchConditions = [] }) => matchConditions)
      yield* validateMatchConditions(
        webhook.matchConditions,
        stored,
        path.child("matchConditions"),
        false,
        check,
      )
    }
    yield* versions(webhook.admissionReviewVersions ?? [], path.child("admissionReviewVersions"), lenient)
    if (!webhook.name || lenient?.names) continue
    if (names.has(webhook.name)) yield duplicateValue(path.child("name"), webhook.name)
    names.add(webhook.name)
  }
}

function leniency(webhooks: readonly Webhook[], before: readonly Webhook[]): Leniency {
  const names = before.map(({ name }) => name)
  const hasKnownVersion = ({ admissionReviewVersions: known = [] }: Webhook) =>
    known.length === 0 || known.some((version) => reviewVersions.includes(version))
  return {
    sideEffects: before.some(({ sideEffects }) => !safeSideEffects.includes(sideEffects ?? "")),
    reviewVersions: !before.every(hasKnownVersion),
    names: new Set(names).size !== names.length,
    labelValues: before.some((webhook) => [...selectors(webhook, fieldPath(), false)].length > 0),
    matchConditions:
      webhooks.length === before.length &&
      webhooks.every(({ matchConditions }, index) =>
        semanticEqual(matchConditions, before[index]!.matchConditions),
      ),
  }
}

function* validateWebhook(webhook: Webhook, path: FieldPath, lenient: Leniency | undefined): Errors {
  const { name, rules = [], failurePolicy, matchPolicy, timeoutSeconds, reinvocationPolicy } = webhook
  yield* fullyQualifiedName(name, path.child("name"))
  for (const [index, rule] of rules.entries()) yield* validateRule(rule, path.child("rules").index(index))
  yield* oneOfIfSet(failurePolicy, path.child("failurePolicy"), ["Fail", "Ignore"])
  yield* oneOfIfSet(matchPolicy, path.child("matchPolicy"), ["Equivalent", "Exact"])
  yield* sideEffects(webhook.sideEffects, path.child("sideEffects"), lenient)
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const detail = "the timeout value must be between 1 and 30 seconds"
    yield invalidValue(path.child("timeoutSeconds"), timeoutSeconds, detail)
  }
  yield* selectors(webhook, path, lenient?.labelValues ?? false)
  yield* oneOfIfSet(reinvocationPolicy, path.child("reinvocationPolicy"), ["IfNeeded", "Never"])
  yield* clientConfig(webhook.clientConfig, path.child("clientConfig"))
}

function* fullyQualifiedName(name: string, path: FieldPath): Errors {
  const wrong = dnsSubdomainProblems(name)
  if (!name) yield requiredValue(path)
  else if (wrong.length > 0) yield invalidValue(path, name, wrong.join(","))
  else if (name.split(".").length < 3) {
    yield invalidValue(path, name, "should be a domain with at least three segments separated by dots")
  }
}

function* sideEffects(value: string | undefined, path: FieldPath, lenient: Leniency | undefined): Errors {
  const allowed = lenient?.sideEffects ? allSideEffects : safeSideEffects
  if (value === undefined) yield requiredValue(path, `must specify one of ${allowed.join(", ")}`)
  else if (!allowed.includes(value)) yield unsupportedValue(path, value, allowed)
}

function* selectors(webhook: Webhook, path: FieldPath, allowInvalidValues: boolean): Errors {
  for (const name of ["namespaceSelector", "objectSelector"] as const) {
    yield* labelSelector(webhook[name], path.child(name), { allowInvalidValues })
  }
}

function* clientConfig({ url, service }: WebhookClientConfig, path: FieldPath): Errors {
  if ((url === undefined) === (service === undefined)) {
    yield requiredValue(path, "exactly one of url or service is required")
  } else if (url !== undefined) yield* validateWebhookUrl(url, path.child("url"))
  else yield* validateWebhookService(service!, path.child("service"))
}

function* versions(names: readonly string[], path: FieldPath, lenient: Leniency | undefined): Errors {
  const known = reviewVersions.join(", ")
  if (names.length === 0) {
    yield requiredValue(path, `must specify one of ${known}`)
    return
  }
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) yield invalidValue(path.index(index), name, "duplicate version")
    else yield* problems(name, path.index(index), dns1035LabelProblems(name))
  }
  if (lenient?.reviewVersions || names.some((name) => reviewVersions.includes(name))) return
  yield invalidValue(path, names, `must include at least one of ${known}`)
}
