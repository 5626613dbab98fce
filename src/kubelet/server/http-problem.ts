/** An answer that is not a success: the kubelet tells problems as plain text. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem"
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
