import type { Logger, LogValues } from "../log.ts"

const levels = { debug: "D", info: "I", warn: "W", error: "E" } as const
type Level = keyof typeof levels
const order: readonly Level[] = ["debug", "info", "warn", "error"]

/**
 * Writes lines in klog's text form, as every Kubernetes component does:
 * `I1123 10:15:04.123456 scheduler] "bound" pod="default/web" node="one"`
 */
export function createLogger(options: {
  write: (line: string) => void
  level?: Level
  name?: string
}): Logger {
  const threshold = order.indexOf(options.level ?? "info")
  const log = (level: Level) => (message: string, values?: LogValues) => {
    if (order.indexOf(level) < threshold) return
    options.write(formatLine(level, options.name ?? "coracle", message, values))
  }
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    named: (name) => createLogger({ ...options, name }),
  }
}

function formatLine(level: Level, name: string, message: string, values: LogValues = {}): string {
  const now = new Date()
  const two = (part: number) => String(part).padStart(2, "0")
  const day = `${two(now.getMonth() + 1)}${two(now.getDate())}`
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${String(now.getMilliseconds()).padStart(3, "0")}`
  let line = `${levels[level]}${day} ${time} ${name}] ${JSON.stringify(message)}`
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) line += ` ${key}=${formatValue(value)}`
  }
  return `${line}\n`
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message)
  return JSON.stringify(value) ?? String(value)
}
