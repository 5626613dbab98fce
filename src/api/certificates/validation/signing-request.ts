import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { quote } from "../../../base/quote.ts"
import { type Errors, required } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import { validateSignerName } from "../../validation/signer-name.ts"
import { formatDiff } from "../../validation/unified-diff.ts"
import {
  type CertificateSigningRequest,
  type CertificateSigningRequestCondition,
  keyUsages,
} from "../v1/certificate-signing-request.ts"
import { parseCertificate, parseCertificateRequest } from "./parse-certificate.ts"
import { pemBlocks } from "../../validation/pem-blocks.ts"

type Request = CertificateSigningRequest

const path = fieldPath("spec")
const conditionsPath = fieldPath("status", "conditions")
const certificatePath = fieldPath("status", "certificate")
const legacySigner = "kubernetes.io/legacy-unknown"
const knownUsages: readonly string[] = keyUsages

/** @param old the state before, for an update: what was accepted then may stay */
export function* validateSigningRequest(request: Request, old?: Request): Errors {
  const { spec, status } = request
  const problem = requestProblem(spec.request)
  if (problem) yield invalidValue(path.child("request"), spec.request, problem)
  yield* validateUsages(spec.usages ?? [], old?.spec.usages ?? [])
  const signerPath = path.child("signerName")
  if (spec.signerName === legacySigner && old?.spec.signerName !== legacySigner) {
    const detail = "the legacy signerName is not allowed via this API version"
    yield invalidValue(signerPath, spec.signerName, detail)
  } else yield* validateSignerName(spec.signerName, signerPath)
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600) {
    const detail = "may not specify a duration less than 600 seconds (10 minutes)"
    yield invalidValue(path.child("expirationSeconds"), spec.expirationSeconds, detail)
  }
  yield* validateConditions(status?.conditions ?? [], old?.status?.conditions ?? [])
  const { certificate } = status ?? {}
  const tolerated =
    old && (certificate === old.status.certificate || certificateProblem(old.status.certificate))
  const wrong = tolerated ? undefined : certificateProblem(certificate)
  if (wrong) yield invalidValue(certificatePath, "<certificate data>", wrong)
}

function requestProblem(encoded: string | null): string | undefined {
  const [block] = pemBlocks(textOf(encoded ?? ""))
  if (block?.type !== "CERTIFICATE REQUEST") return "PEM block type must be CERTIFICATE REQUEST"
  return problemOf(() => parseCertificateRequest(block.der))
}

function certificateProblem(encoded: string | undefined): string | undefined {
  if (!encoded) return undefined
  const blocks = pemBlocks(textOf(encoded))
  for (const { type, hasHeaders, der } of blocks) {
    if (type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${quote(type)}`
    if (hasHeaders) return "no PEM block headers are permitted"
    const problem = problemOf(() => parseCertificate(der))
    if (problem) return problem
  }
  return blocks.length === 0 ? "must contain at least one CERTIFICATE PEM block" : undefined
}

function textOf(encoded: string): string {
  return new TextDecoder().decode(decodeBase64(encoded))
}

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function* validateUsages(usages: readonly string[], before: readonly string[]): Errors {
  const at = path.child("usages")
  yield* required(usages, at)
  const isUnknown = (usage: string) => !knownUsages.includes(usage)
  if (!before.some(isUnknown)) {
    for (const [index, usage] of usages.entries()) {
      if (isUnknown(usage)) yield unsupportedValue(at.index(index), usage, knownUsages)
    }
  }
  if (new Set(before).size < before.length) return
  for (const [index, usage] of usages.entries()) {
    if (usages.indexOf(usage) < index) yield duplicateValue(at.index(index), usage)
  }
}

type Conditions = readonly CertificateSigningRequestCondition[]

const ofType = (conditions: Conditions, type: string) => conditions.filter((each) => each.type === type)
const hasBothAnswers = (conditions: Conditions) =>
  ["Approved", "Denied"].every((type) => ofType(conditions, type).length > 0)

function* validateConditions(conditions: Conditions, before: Conditions): Errors {
  const mayRepeat = new Set(before.map(({ type }) => type)).size < before.length
  for (const [index, { type, status }] of conditions.entries()) {
    const at = conditionsPath.index(index)
    if (!type && !before.some((each) => !each.type)) yield requiredValue(at.child("type"))
    yield* conditionStatus(type, status, at.child("status"))
    const sofar = conditions.slice(0, index)
    const isSecondAnswer = /^(Approved|Denied)$/.test(type) && hasBothAnswers([...sofar, conditions[index]!])
    if (isSecondAnswer && !hasBothAnswers(before)) {
      yield invalidValue(conditionsPath, type, "Approved and Denied conditions are mutually exclusive")
    }
    if (!mayRepeat && ofType(sofar, type).length > 0) yield duplicateValue(at.child("type"), type)
  }
}

function* conditionStatus(type: string, status: string, at: FieldPath): Errors {
  const isFinal = ["Approved", "Denied", "Failed"].includes(type)
  const allowed = isFinal ? ["True"] : ["False", "True", "Unknown"]
  if (!status) yield requiredValue(at)
  else if (!allowed.includes(status)) yield unsupportedValue(at, status, allowed)
}

export interface SigningRequestChanges {
  readonly mayApprove?: boolean
  readonly mayIssue?: boolean
}

/** Who may change what: approvers the answer, signers the certificate, and each once. */
export function* validateSigningRequestUpdate(
  request: Request,
  old: Request,
  { mayApprove, mayIssue }: SigningRequestChanges = {},
): Errors {
  yield* validateSigningRequest(request, old)
  const [conditions, before] = [request.status.conditions ?? [], old.status.conditions ?? []]
  for (const type of ["Approved", "Denied", "Failed"]) {
    if (ofType(conditions, type).length < ofType(before, type).length) {
      yield forbiddenValue(conditionsPath, `updates may not remove a condition of type ${quote(type)}`)
    }
  }
  if (!mayApprove) yield* sameAnswers(conditions, before)
  if ((request.status.certificate ?? "") === (old.status.certificate ?? "")) return
  if (!mayIssue) yield forbiddenValue(certificatePath, "updates may not set certificate content")
  else if (old.status.certificate) {
    yield forbiddenValue(certificatePath, "updates may not modify existing certificate content")
  }
}

function* sameAnswers(conditions: Conditions, before: Conditions): Errors {
  for (const type of ["Approved", "Denied"]) {
    const [now, then] = [ofType(conditions, type), ofType(before, type)]
    if (now.length > then.length) {
      yield forbiddenValue(conditionsPath, `updates may not add a condition of type ${quote(type)}`)
    } else if (now.length === then.length && !semanticEqual(now, then)) {
      const detail = `updates may not modify a condition of type ${quote(type)}\n${formatDiff(then, now)}`
      yield forbiddenValue(conditionsPath, detail)
    }
  }
}
