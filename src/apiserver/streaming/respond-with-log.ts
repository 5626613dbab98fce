import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest, genericFailure, internalError } from "../../apimachinery/status-errors.ts"
import type { ServerResponse } from "../http/response.ts"
import type { BackendResponse } from "./backends.ts"

/** A kubelet tells in a few words what is wrong. */
const maxProblemBytes = 2000

/** The log as the kubelet gives it; what it refuses becomes a Status. */
export async function respondWithLog(answer: BackendResponse, podName: string): Promise<ServerResponse> {
  const { status, chunks } = answer
  if (status < 200 || status > 206) throw await problemOf(answer, podName)
  return { status: 200, headers: { "content-type": "text/plain" }, body: { kind: "stream", chunks } }
}

async function problemOf({ status, chunks }: BackendResponse, podName: string): Promise<StatusError> {
  let text = ""
  const decoder = new TextDecoder()
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= maxProblemBytes) break
  }
  const problem = text.slice(0, maxProblemBytes)
  if (status === 500) return internalError(new Error(problem))
  if (status === 400) return badRequest(problem)
  const failure = genericFailure(status, problem, { name: podName, kind: "pods/log" })
  const { code, details, reason, message } = failure
  return new StatusError(reason, `${message} ( pods/log ${podName})`, { code, ...(details && { details }) })
}
