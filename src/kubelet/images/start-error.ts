/** Why a container could not be started: `reason` and `message` are what its status shows while it waits. */
export class StartError extends Error {
  override readonly name = "StartError"
  readonly reason: string
  /** When trying again may help; the caller's own rhythm decides if it is not said. */
  readonly retryAtMs: number | undefined

  constructor(reason: string, message: string, retryAtMs?: number) {
    super(message)
    this.reason = reason
    this.retryAtMs = retryAtMs
  }
}
