import {
  type FieldError,
  forbiddenValue,
  invalid,
  invalidValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import type {
  PodAttachOptions,
  PodExecOptions,
  PodLogOptions,
  PodPortForwardOptions,
} from "../../api/core/v1/pod-options.ts"
import { isTrue } from "../request-info.ts"

export function execOptions(query: URLSearchParams): PodExecOptions {
  return { ...attachOptions(query), kind: "PodExecOptions", command: query.getAll("command") }
}

export function attachOptions(query: URLSearchParams): PodAttachOptions {
  const container = query.get("container")
  return {
    apiVersion: "v1",
    kind: "PodAttachOptions",
    stdin: isTrue(query.get("stdin")),
    stdout: isTrue(query.get("stdout")),
    stderr: isTrue(query.get("stderr")),
    tty: isTrue(query.get("tty")),
    ...(container && { container }),
  }
}

export function portForwardOptions(query: URLSearchParams): PodPortForwardOptions {
  const ports = query.getAll("ports").flatMap((list) => list.split(","))
  return {
    apiVersion: "v1",
    kind: "PodPortForwardOptions",
    ...(ports.length > 0 && { ports: ports.map((port) => wholeNumber("ports", port)) }),
  }
}

/** Throws StatusError Invalid with all that is wrong; `podName` is whose log it is. */
export function logOptions(query: URLSearchParams, podName: string): PodLogOptions {
  const text = (name: string) => query.get(name) ?? undefined
  const number = (name: string) => {
    const found = query.get(name)
    return found === null || found === "" ? undefined : wholeNumber(name, found)
  }
  const options: PodLogOptions = {
    apiVersion: "v1",
    kind: "PodLogOptions",
    container: text("container"),
    follow: isTrue(query.get("follow")),
    previous: isTrue(query.get("previous")),
    sinceSeconds: number("sinceSeconds"),
    sinceTime: text("sinceTime"),
    timestamps: isTrue(query.get("timestamps")),
    tailLines: number("tailLines"),
    limitBytes: number("limitBytes"),
    insecureSkipTLSVerifyBackend: isTrue(query.get("insecureSkipTLSVerifyBackend")),
    stream: text("stream") ?? "All",
  }
  const errors = logErrors(options)
  if (errors.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, podName, errors)
  return options
}

function logErrors({
  tailLines,
  limitBytes,
  sinceSeconds,
  sinceTime,
  stream = "",
}: PodLogOptions): FieldError[] {
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalidValue("tailLines", tailLines, "must be greater than or equal to 0"))
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalidValue("limitBytes", limitBytes, "must be greater than 0"))
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbiddenValue("", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalidValue("sinceSeconds", sinceSeconds, "must be greater than 0"))
  if (!["All", "Stdout", "Stderr"].includes(stream))
    errors.push(unsupportedValue("stream", stream, ["All", "Stderr", "Stdout"]))
  else if (stream !== "All" && tailLines !== undefined)
    errors.push(forbiddenValue("", "`tailLines` and specific `stream` are mutually exclusive for now"))
  return errors
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax in the query parameter ${name}`)
}
