import { methodNotSupported } from "../../apimachinery/status-errors.ts"
import type { ServerResponse } from "../http/response.ts"
import type { View } from "../registry/view.ts"
import type { ResourceRequest } from "../resource-request.ts"

/** Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). */
export async function apply({ served }: ResourceRequest, _view: View): Promise<ServerResponse> {
  throw methodNotSupported(served.resource, "apply")
}
