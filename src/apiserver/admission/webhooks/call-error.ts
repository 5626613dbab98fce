import { quote } from "../../../base/quote.ts"

/** The webhook could not be asked, or answered nonsense: its failure policy says what that means. */
export class CallError extends Error {
  override readonly name = "CallError"

  constructor(webhookName: string, reason: string, cause?: unknown) {
    super(`failed calling webhook ${quote(webhookName)}: ${reason}`, { cause })
  }
}
