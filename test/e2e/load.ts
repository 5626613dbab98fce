import { request } from "node:http"

/** One request over a connection of its own; rejects unless the answer is 200. */
export function get(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path: "/", agent: false, timeout: 5000 }, (answer) => {
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
  port: number,
  work: () => Promise<void>,
): Promise<{ answered: number; failures: string[] }> {
  const failures: string[] = []
  let answered = 0
  const load = { stopped: false }
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.stopped) {
      await get("127.0.0.1", port).then(
        () => answered++,
        (error: Error) => failures.push(error.message),
      )
    }
  })
  await work().finally(() => (load.stopped = true))
  await Promise.all(clients)
  return { answered, failures }
}
