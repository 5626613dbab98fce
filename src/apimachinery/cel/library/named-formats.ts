import { hasFormat } from "../../json-schema/formats.ts"
import { isRequestUri } from "../../json-schema/request-uri.ts"
import {
  dns1035LabelName,
  dnsLabelName,
  dnsSubdomainName,
  labelValueProblems,
  qualifiedNameProblems,
} from "../../names.ts"
import { ValueList } from "../values/collections.ts"
import { type CelOpaque, CelOptional, noValue } from "../values/value.ts"
import { overload } from "./function.ts"

type Problems = (text: string) => readonly string[]

/** A rule for texts that has a name: `format.dns1123Label().validate(x)`. */
class CelFormat implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.NamedFormat"
  readonly name: string
  readonly problems: Problems
  /** How long a regular expression that did the same would be; the cost goes by it. */
  readonly maxRegexSize: number

  constructor(name: string, problems: Problems, maxRegexSize: number) {
    this.name = name
    this.problems = problems
    this.maxRegexSize = maxRegexSize
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelFormat && other.name === this.name
  }
}

const checked =
  (format: string, problem: string): Problems =>
  (text) =>
    hasFormat(format, text) ? [] : [problem]

const formats: Readonly<Record<string, CelFormat>> = {
  dns1123Label: new CelFormat("DNS1123Label", (text) => dnsLabelName(text, false), 30),
  dns1123Subdomain: new CelFormat("DNS1123Subdomain", (text) => dnsSubdomainName(text, false), 60),
  dns1035Label: new CelFormat("DNS1035Label", (text) => dns1035LabelName(text, false), 30),
  qualifiedName: new CelFormat("QualifiedName", qualifiedNameProblems, 60),
  dns1123LabelPrefix: new CelFormat("DNS1123LabelPrefix", (text) => dnsLabelName(text, true), 30),
  dns1123SubdomainPrefix: new CelFormat("DNS1123SubdomainPrefix", (text) => dnsSubdomainName(text, true), 60),
  dns1035LabelPrefix: new CelFormat("DNS1035LabelPrefix", (text) => dns1035LabelName(text, true), 30),
  labelValue: new CelFormat("LabelValue", labelValueProblems, 40),
  uri: new CelFormat("URI", (text) => (isRequestUri(text) ? [] : ["invalid URI for request"]), 1103),
  uuid: new CelFormat("uuid", checked("uuid", "does not match the UUID format"), 71),
  byte: new CelFormat("byte", checked("byte", "invalid base64"), 84),
  date: new CelFormat("date", checked("date", "invalid date"), 72),
  datetime: new CelFormat("datetime", checked("datetime", "invalid datetime"), 72),
}

export const formatFunctions = [
  ...Object.entries(formats).map(([name, format]) =>
    overload(`format.${name}`, `format.${name}(): kubernetes.NamedFormat`, () => format),
  ),
  overload("format-named", "format.named(string): optional(kubernetes.NamedFormat)", (name: string) =>
    Object.hasOwn(formats, name) ? new CelOptional(formats[name]) : noValue,
  ),
  overload(
    "format-validate",
    "kubernetes.NamedFormat.validate(string): optional(list(string))",
    (format: CelFormat, text: string) => {
      const problems = format.problems(text)
      return problems.length === 0 ? noValue : new CelOptional(new ValueList(problems))
    },
  ),
]
