import { createServer, request } from "node:http"
import { chmodSync, rmSync } from "node:fs"
import type { DataDirectory } from "./data-directory.ts"

/** What a running cluster does when it is asked from another process; gives a line to print. */
export interface ControlHandlers {
  addNode(name: string | undefined): Promise<string>
  removeNode(name: string): Promise<string>
}

type Asked =
  | { readonly verb: "add-node"; readonly name?: string }
  | { readonly verb: "remove-node"; readonly name: string }

/** Listens at a socket in the data directory, for its owner alone (mode 0600). Gives a function that stops it. */
export function serveControl(directory: DataDirectory, handlers: ControlHandlers): Promise<() => void> {
  const path = directory.controlSocket
  rmSync(path, { force: true })
  const server = createServer((incoming, response) => {
    let body = ""
    incoming.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
    incoming.on("end", () => {
      answer(handlers, JSON.parse(body) as Asked).then(
        (line) => response.end(line),
        (error: Error) => response.writeHead(409).end(error.message),
      )
    })
  })
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(path, () => {
      chmodSync(path, 0o600)
      server.unref()
      resolve(() => {
        server.close()
        server.closeAllConnections()
      })
    })
  })
}

function answer(handlers: ControlHandlers, asked: Asked): Promise<string> {
  return asked.verb === "add-node" ? handlers.addNode(asked.name) : handlers.removeNode(asked.name)
}

/** Asks the cluster that runs in this directory. Rejects with its reason when it refuses, or when there is none. */
export function askCluster(directory: DataDirectory, asked: Asked): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: directory.controlSocket, method: "POST" }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))))
    })
    outgoing.on("error", () =>
      reject(new Error(`no cluster answers in ${directory.path}: start one with \`coracle up\``)),
    )
    outgoing.end(JSON.stringify(asked))
  })
}
