import { unauthorized } from "../../apimachinery/status-errors.ts"
import type { Stage } from "../context.ts"

/** Who is it? Components of this process have been told apart already. */
export const authenticate: Stage = async (context, next) => {
  const { request, server } = context
  if (request.user) {
    context.user = request.user
    return next()
  }
  const { headers, peerCertificates } = request
  const input = peerCertificates ? { headers, peerCertificates } : { headers }
  const authentication = await server.authenticator.authenticate(input)
  if (!authentication) throw unauthorized("Unauthorized")
  context.user = authentication.user
  return next()
}
