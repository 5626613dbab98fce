/** Structured logging: a message that stays the same, and values that vary. Secrets are never passed as values. */
export interface Logger {
  debug(message: string, values?: LogValues): void
  info(message: string, values?: LogValues): void
  warn(message: string, values?: LogValues): void
  error(message: string, values?: LogValues): void
  /** A logger whose lines carry `name` (a component, a controller). */
  named(name: string): Logger
}

export type LogValues = Readonly<Record<string, unknown>>

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  named: () => silentLogger,
}
