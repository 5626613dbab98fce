import { quote } from "../../base/quote.ts"
import { HttpProblem } from "./http-problem.ts"

/** What of the node's logs somebody wants to see. */
export interface NodeLogQuery {
  readonly services: readonly string[]
  /** Below the log directory. */
  readonly file?: string
  readonly since?: Date
  readonly until?: Date
  readonly tailLines?: number
  /** 0: this one; -1: the one before. */
  readonly boot?: number
  readonly pattern?: string
  readonly hasOptions: boolean
}

const maxServices = 4
const maxServiceLength = 256
const maxTailLines = 100_000

/** Undefined where nothing of the kind was asked. Throws HttpProblem with upstream's words for what makes no sense. */
export function parseNodeLogQuery(parameters: URLSearchParams): NodeLogQuery | undefined {
  const problems: string[] = []
  const since = timeOf(parameters, "sinceTime", problems)
  const until = timeOf(parameters, "untilTime", problems)
  const boot = integerOf(parameters, "boot", problems)
  const tailLines = integerOf(parameters, "tailLines", problems)
  const pattern = parameters.get("pattern") ?? undefined
  const queries = parameters.getAll("query")
  const files = queries.filter((each) => /[/\\]/.test(each))
  const services = queries.filter((each) => !/[/\\]/.test(each) && each.trim() !== "")
  if (parameters.has("query") && files.length + services.length === 0)
    problems.push(`query: Invalid value: ${JSON.stringify(queries)}: may not be empty`)
  refuse(problems)
  const options = {
    ...(since && { since }),
    ...(until && { until }),
    ...(boot !== undefined && { boot }),
    ...(tailLines !== undefined && { tailLines }),
    ...(pattern && { pattern }),
  }
  const hasOptions = Object.keys(options).length > 0
  if (queries.length === 0 && !hasOptions) return undefined
  refuse([...judgeNames(files, services, hasOptions), ...judgeOptions(options)])
  return { services, ...(files[0] !== undefined && { file: files[0] }), ...options, hasOptions }
}

function judgeNames(
  files: readonly string[],
  services: readonly string[],
  hasOptions: boolean,
): readonly string[] {
  const problems = services.flatMap((service) => {
    if (service.length > maxServiceLength)
      return [`query: Invalid value: ${quote(service)}: length must be less than ${maxServiceLength}`]
    if (/[^a-zA-Z\-_.:0-9@]/.test(service))
      return [`query: Invalid value: ${quote(service)}: input contains unsupported characters`]
    return []
  })
  if (services.length > maxServices)
    problems.push(`query: Too many: ${services.length}: must have at most ${maxServices} items`)
  const list = JSON.stringify(files)
  if (files.length + services.length === 0)
    problems.push("query: Required value: cannot be empty with options")
  else if (files.length > 0 && services.length > 0)
    problems.push(
      `query: Invalid value: ${quote(`[${files.join(" ")}], [${services.join(" ")}]`)}: cannot specify a file and service`,
    )
  else if (files.length > 1) problems.push(`query: Invalid value: ${list}: cannot specify more than one file`)
  else if (files.length === 1 && hasOptions)
    problems.push(`query: Invalid value: ${list}: cannot specify file with options`)
  return problems
}

function judgeOptions({ since, until, boot, tailLines, pattern }: Partial<NodeLogQuery>): readonly string[] {
  const problems: string[] = []
  if (since && until && since > until)
    problems.push(
      `untilTime: Invalid value: ${quote(until.toISOString().replace(".000", ""))}: must be after \`sinceTime\``,
    )
  if (boot !== undefined && boot > 0) problems.push(`boot: Invalid value: ${boot}: must be less than 1`)
  if (tailLines !== undefined && (tailLines < 0 || tailLines > maxTailLines))
    problems.push(`tailLines: Invalid value: ${tailLines}: must be between 0 and ${maxTailLines}, inclusive`)
  if (pattern && !isRegularExpression(pattern))
    problems.push(`pattern: Invalid value: ${quote(pattern)}: error parsing regexp`)
  return problems
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

function timeOf(parameters: URLSearchParams, name: string, problems: string[]): Date | undefined {
  const text = parameters.get(name)
  if (!text) return undefined
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
  const time = new Date(text)
  if (isTime && !Number.isNaN(time.getTime())) return time
  problems.push(`${name}: Invalid value: ${quote(text)}: invalid time format`)
  return undefined
}

function integerOf(parameters: URLSearchParams, name: string, problems: string[]): number | undefined {
  const text = parameters.get(name)
  if (!text) return undefined
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  problems.push(
    `${name}: Invalid value: ${quote(text)}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`,
  )
  return undefined
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new HttpProblem(400, problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`)
}
