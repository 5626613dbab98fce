import { isStatusError } from "../apimachinery/status-error.ts"
import type { Transport } from "./transport.ts"

/** What the server says of the types of one group and version; undefined where it serves no such. */
export async function readOpenApi(
  transport: Transport,
  { group, version }: { readonly group: string; readonly version: string },
  signal?: AbortSignal,
): Promise<unknown> {
  const path = group === "" ? `/openapi/v3/api/${version}` : `/openapi/v3/apis/${group}/${version}`
  const headers = { accept: "application/json" }
  try {
    const { body } = await transport.request({ method: "GET", path, headers, ...(signal && { signal }) })
    return typeof body === "string" ? JSON.parse(body) : body
  } catch (error) {
    if (isStatusError(error, "NotFound")) return undefined
    throw error
  }
}
