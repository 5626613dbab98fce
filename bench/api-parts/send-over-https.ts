import { Agent, request } from "node:https"

/** What a process that makes load is asked to send: as many requests at once as there are clients, each once. */
export interface Batch {
  readonly port: number
  readonly clients: number
  readonly requests: readonly HttpRequest[]
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const agents = new Map<number, Agent>()

/** Resolves when all are answered; rejects when one is not answered with success. */
export async function sendBatch({ port, clients, requests }: Batch): Promise<void> {
  let agent = agents.get(port)
  if (!agent) {
    agent = new Agent({ keepAlive: true, maxSockets: clients, rejectUnauthorized: false })
    agents.set(port, agent)
  }
  let next = 0
  const client = async () => {
    for (let each = requests[next++]; each; each = requests[next++]) await send(agent, port, each)
  }
  await Promise.all(Array.from({ length: clients }, client))
}

function send(agent: Agent, port: number, { method, path, headers, body }: HttpRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent =
      body === ""
        ? headers
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const outgoing = request(
      { agent, host: "127.0.0.1", port, path, method, headers: { ...sent, ...headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => void chunks.push(chunk))
        response.on("end", () => {
          if ((response.statusCode ?? 500) < 300) resolve()
          else
            reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(chunks).toString()}`))
        })
      },
    )
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}
