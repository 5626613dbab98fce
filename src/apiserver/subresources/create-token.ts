import { TokenRequestSchema } from "../../api/authentication/v1/token-request.ts"
import { methodNotSupported } from "../../apimachinery/status-errors.ts"
import { issueToken, type TokenRequest } from "../authentication/token-request.ts"
import { readClaims } from "../authentication/token-claims.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { respondPlain } from "../encoding/respond-plain.ts"
import { admissionAttributes } from "../handlers/admit.ts"
import { parseWriteOptions } from "../handlers/write-options.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ResourceRequest } from "../resource-request.ts"

const tokenRequestKind = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  schema: TokenRequestSchema,
}

/** POST serviceaccounts/NAME/token */
export async function createToken(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served, namespace, name } = request
  const { tokenIssuer, admission } = context.server
  if (!tokenIssuer) throw methodNotSupported(served.resource, "create")
  const options = parseWriteOptions(context.request.query, "CreateOptions")
  const draft = await decodeBody(context, tokenRequestKind, options.fieldValidation)
  const attributes = admissionAttributes(request, "CREATE", options, {
    object: draft,
    oldObject: undefined,
    kind: tokenRequestKind,
  })
  const admitted = (await admission.mutate(attributes)) ?? draft
  const answer = await issueToken(
    {
      namespace,
      name,
      request: admitted as unknown as TokenRequest,
      warn: (message) => void context.warnings.push(message),
      admit: (completed) => admission.validate({ ...attributes, object: completed as never }),
    },
    tokenIssuer,
  )
  const id = readClaims(answer.status?.token ?? "")?.jti
  if (id) context.annotations.set("authentication.kubernetes.io/issued-credential-id", `JTI=${id}`)
  return respondPlain(context, 201, answer, tokenRequestKind)
}
