import { request } from "node:http"

/** One request over a connection of its own; rejects unless the answer is 200. `named` is for whom it says it is. */
export function get(
  host: string,
  port: number,
  { path = "/", host: named }: { path?: string; host?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = named === undefined ? {} : { host: named }
    const outgoing = request({ host, port, path, headers, agent: false, timeout: 5000 }, (answer) => {
      let body = ""
      answer.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(body) : reject(new Error(`status ${answer.statusCode}`)),
      )
      answer.on("error", reject)
    })
    outgoing.on("timeout", () => outgoing.destroy(new Error("timed out")))
    outgoing.on("error", reject)
    outgoing.end()
  })
}

/** A few clients that ask without a pause while `work` is done, and what came of it. */
export async function underLoad(
  portOrAsk: number | (() => Promise<unknown>),
  work: () => Promise<void>,
): Promise<{ answered: number; failures: string[] }> {
  const ask = typeof portOrAsk === "function" ? portOrAsk : () => get("127.0.0.1", portOrAsk)
  const failures: string[] = []
  let answered = 0
  const load = { stopped: false }
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.stopped) {
      await ask().then(
        () => answered++,
        (error: Error) => failures.push(error.message),
      )
    }
  })
  await work().finally(() => (load.stopped = true))
  await Promise.all(clients)
  return { answered, failures }
}
