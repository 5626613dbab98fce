import { utf8Length } from "../base/utf8.ts"

/**
 * The forms that names take (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/). Each function gives
 * the list of what is wrong, empty if nothing is, in upstream's words.
 */
type Problems = string[]

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const subdomain = `${label}(\\.${label})*`
const dns1035Label = "[a-z]([-a-z0-9]*[a-z0-9])?"
const wildcardSubdomain = `\\*\\.${subdomain}`
const qualifiedPart = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
const environmentVariable = "[-._a-zA-Z][-._a-zA-Z0-9]*"
const configMapKey = "[-._a-zA-Z0-9]+"

const whole = (pattern: string) => new RegExp(`^${pattern}$`)
const labelPattern = whole(label)
const subdomainPattern = whole(subdomain)
const caselessSubdomainPattern = new RegExp(`^${subdomain}$`, "i")
const dns1035LabelPattern = whole(dns1035Label)
const wildcardSubdomainPattern = whole(wildcardSubdomain)
const qualifiedPartPattern = whole(qualifiedPart)
const labelValuePattern = whole(`(${qualifiedPart})?`)
const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]*$/
const environmentVariablePattern = whole(environmentVariable)
const configMapKeyPattern = whole(configMapKey)
const headerNamePattern = /^[-A-Za-z0-9]+$/
const percentPattern = /^[0-9]+%$/
const httpPathPattern = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/

/** Says which pattern was missed, with examples that meet it. */
export function patternProblem(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`
  const shown = examples.map((example) => `'${example}', `).join(" or ")
  return `${message} (e.g. ${shown}regex used for validation is '${pattern}')`
}

const tooLong = (max: number) => `must be no more than ${max} characters`
const tooManyBytes = (max: number) => `must be no more than ${max} bytes`
export const mustNotBeEmpty = "must be non-empty"
export const outsideRange = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`

/** RFC 1123 label: most object names that become host names. */
export function dnsLabelProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 63) problems.push(tooLong(63))
  if (labelPattern.test(value)) return problems
  // A subdomain that is no label differs in its dots alone.
  if (subdomainPattern.test(value)) problems.push("must not contain dots")
  else {
    const message =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
    problems.push(patternProblem(message, label, "my-name", "123-abc"))
  }
  return problems
}

const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

/** RFC 1123 subdomain: the default for object names. */
export function dnsSubdomainProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 253) problems.push(tooLong(253))
  if (!subdomainPattern.test(value)) problems.push(patternProblem(subdomainMessage, subdomain, "example.com"))
  return problems
}

export function caselessDnsSubdomainProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 253) problems.push(tooManyBytes(253))
  if (!caselessSubdomainPattern.test(value)) {
    const message =
      "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
    problems.push(patternProblem(message, subdomain, "Example.com"))
  }
  return problems
}

/** RFC 1035 label: Services, which must start with a letter. */
export function dns1035LabelProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 63) problems.push(tooLong(63))
  if (!dns1035LabelPattern.test(value)) {
    const message =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
    problems.push(patternProblem(message, dns1035Label, "my-name", "abc-123"))
  }
  return problems
}

/** "*.example.com" */
export function wildcardDnsSubdomainProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 253) problems.push(tooLong(253))
  if (!wildcardSubdomainPattern.test(value)) {
    const message =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
    problems.push(patternProblem(message, wildcardSubdomain, "*.example.com"))
  }
  return problems
}

const qualifiedPartMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const qualifiedExamples = ["MyName", "my.name", "123-abc"]

/** A label's key, an annotation's key, a condition's type: "name" or "example.com/name". */
export function qualifiedNameProblems(value: string): Problems {
  const problems: Problems = []
  const parts = value.split("/")
  if (parts.length > 2) {
    const problem = patternProblem(qualifiedPartMessage, qualifiedPart, ...qualifiedExamples)
    return [
      `a valid label key ${problem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  if (parts.length === 2) problems.push(...prefixProblems(parts[0]!))
  const name = parts.at(-1)!
  if (name === "") problems.push(`name part ${mustNotBeEmpty}`)
  else if (utf8Length(name) > 63) problems.push(`name part ${tooManyBytes(63)}`)
  if (!qualifiedPartPattern.test(name)) {
    problems.push(`name part ${patternProblem(qualifiedPartMessage, qualifiedPart, ...qualifiedExamples)}`)
  }
  return problems
}

function prefixProblems(prefix: string): Problems {
  const problems: Problems = []
  if (prefix === "") return [`prefix part ${mustNotBeEmpty}`]
  if (utf8Length(prefix) > 253) problems.push(`prefix part ${tooManyBytes(253)}`)
  if (!subdomainPattern.test(prefix)) {
    problems.push(`prefix part ${patternProblem(subdomainMessage, subdomain, "example.com")}`)
  }
  return problems
}

export function labelValueProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 63) problems.push(tooManyBytes(63))
  if (!labelValuePattern.test(value)) {
    const message =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
    problems.push(patternProblem(message, `(${qualifiedPart})?`, "MyValue", "my_value", "12345"))
  }
  return problems
}

/** A name that stands in a URL's path: anything but ".", "..", "/" and "%". */
export function pathSegmentProblems(value: string): Problems {
  if (value === "." || value === "..") return [`may not be '${value}'`]
  return ["/", "%"].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}

export function identifierProblems(value: string): Problems {
  if (identifierPattern.test(value)) return []
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'"
  return [patternProblem(message, "[A-Za-z_][A-Za-z0-9_]*", "my_name", "MY_NAME", "MyName")]
}

/** The strict form; since v1.34 env names need only satisfy `relaxedEnvironmentVariableProblems`. */
export function environmentVariableProblems(value: string): Problems {
  const problems: Problems = []
  if (!environmentVariablePattern.test(value)) {
    const message =
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit"
    problems.push(patternProblem(message, environmentVariable, "my.env-name", "MY_ENV.NAME", "MyEnvName1"))
  }
  return [...problems, ...parentDirectoryProblems(value)]
}

export function relaxedEnvironmentVariableProblems(value: string): Problems {
  const problems: Problems = []
  if (value === "") problems.push(`environment variable name ${mustNotBeEmpty}`)
  if (/[^\x20-\x7e]|=/.test(value)) {
    problems.push(
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    )
  }
  return problems
}

/** A key of a ConfigMap or Secret; it becomes a file's name. */
export function configMapKeyProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 253) problems.push(tooLong(253))
  if (!configMapKeyPattern.test(value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    problems.push(patternProblem(message, configMapKey, "key.name", "KEY_NAME", "key-name"))
  }
  return [...problems, ...parentDirectoryProblems(value)]
}

function parentDirectoryProblems(value: string): Problems {
  if (value === "." || value === "..") return [`must not be '${value}'`]
  return value.startsWith("..") ? ["must not start with '..'"] : []
}

/** A container port's or Service port's name (RFC 6335). */
export function portNameProblems(value: string): Problems {
  const problems: Problems = []
  if (utf8Length(value) > 15) problems.push(tooLong(15))
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
  }
  if (!/[a-z]/.test(value)) problems.push("must contain at least one letter (a-z)")
  if (value.includes("--")) problems.push("must not contain consecutive hyphens")
  if (value.startsWith("-") || value.endsWith("-")) problems.push("must not begin or end with a hyphen")
  return problems
}

export function portNumberProblems(port: number): Problems {
  return rangeProblems(port, 1, 65535)
}

export function rangeProblems(value: number, low: number, high: number): Problems {
  return value >= low && value <= high ? [] : [outsideRange(low, high)]
}

/** Of a user or a group. */
export function userIdProblems(id: number): Problems {
  return rangeProblems(id, 0, 2 ** 31 - 1)
}

export function percentProblems(value: string): Problems {
  if (percentPattern.test(value)) return []
  const message = "a valid percent string must be a numeric string followed by an ending '%'"
  return [patternProblem(message, "[0-9]+%", "1%", "93%")]
}

export function httpHeaderNameProblems(value: string): Problems {
  if (headerNamePattern.test(value)) return []
  const message = "a valid HTTP header must consist of alphanumeric characters or '-'"
  return [patternProblem(message, "[-A-Za-z0-9]+", "X-Header-Name")]
}

/** "acme.io/foo", an Ingress controller's or a CSI topology's name. */
export function domainPrefixedPathProblems(
  value: string,
): { readonly part: string; readonly problem: string }[] {
  const slash = value.indexOf("/")
  if (slash <= 0 || slash === value.length - 1) {
    return [{ part: value, problem: 'must be a domain-prefixed path (such as "acme.io/foo")' }]
  }
  const host = value.slice(0, slash)
  const path = value.slice(slash + 1)
  const problems = dnsSubdomainProblems(host).map((problem) => ({ part: host, problem }))
  if (!httpPathPattern.test(path)) {
    const problem = patternProblem("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")
    problems.push({ part: path, problem })
  }
  return problems
}

/** Tells what is wrong with an object's name; `prefix` when something will be appended (`generateName`). */
export type NameRule = (name: string, prefix: boolean) => Problems

const rule =
  (problemsOf: (value: string) => Problems): NameRule =>
  (name, prefix) =>
    problemsOf(prefix ? withoutTrailingDash(name) : name)

export const dnsLabelName: NameRule = rule(dnsLabelProblems)
export const dnsSubdomainName: NameRule = rule(dnsSubdomainProblems)
export const dns1035LabelName: NameRule = rule(dns1035LabelProblems)
export const pathSegmentName: NameRule = (name, prefix) =>
  pathSegmentProblems(prefix && (name === "." || name === "..") ? "" : name)

/** Makes no difference between names and what they begin with. */
export const anyPathSegmentName: NameRule = (name) => pathSegmentProblems(name)
/** Of what a name is made by, the name alone is looked at. */
export const finalDnsSubdomainName: NameRule = (name, prefix) =>
  prefix ? [] : dnsSubdomainProblems(name).map((problem) => problem.replace("253 characters", "253 bytes"))

// "web-" is a good beginning: what is appended takes the dash's place at the end.
function withoutTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith("-") ? `${name.slice(0, -2)}a` : name
}
