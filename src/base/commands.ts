/** Other programs of the machine as a component sees them: arguments and text in, text out. */
export interface Commands {
  /**
   * Runs `program` to its end with `input` on its standard input and gives its standard output.
   * Throws CommandError when it cannot be started or ends with another code than 0.
   */
  run(program: string, args: readonly string[], input?: string): Promise<string>
}

export class CommandError extends Error {
  override readonly name = "CommandError"
  /** Undefined when the program could not be started or was killed. */
  readonly exitCode: number | undefined
  readonly stderr: string

  constructor(command: string, exitCode: number | undefined, stderr: string) {
    const reason = stderr.trim() || (exitCode === undefined ? "did not run" : `ended with code ${exitCode}`)
    super(`${command}: ${reason}`)
    this.exitCode = exitCode
    this.stderr = stderr
  }
}
