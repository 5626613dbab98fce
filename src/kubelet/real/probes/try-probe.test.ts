import { spawn } from "node:child_process"
import { once } from "node:events"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { Probe } from "../../../api/core/v1/probe.ts"
import { sleep } from "../../../base/clock.ts"
import { realClock } from "../../../base/real/clock.ts"
import type { ProbeTarget } from "../../node-host.ts"
import { tryProbe } from "./try-probe.ts"

/** Answers after as many milliseconds as its path says. In a process of its own: it goes on while this one is kept busy. */
const program = `require("node:http").createServer((request, response) =>
  setTimeout(() => response.end("fine"), Number(request.url.slice(1)))
).listen(0, "127.0.0.1", function () { console.log(this.address().port) })`
const server = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] })
let port: number
beforeAll(async () => {
  port = Number(String((await once(server.stdout, "data"))[0]))
})
afterAll(() => void server.kill())

const target = { pod: { metadata: {} }, container: {}, podIp: "127.0.0.1" } as unknown as ProbeTarget

function ask(answersAfterMs: number): ReturnType<typeof tryProbe> {
  const httpGet = { path: `/${answersAfterMs}`, port, scheme: "HTTP" }
  return tryProbe({ runtime: {} as never, clock: realClock }, target, {
    httpGet,
    timeoutSeconds: 1,
  } as Probe)
}

it("hears an answer that came in time, however late this process is", async () => {
  const asked = ask(300)
  await sleep(realClock, 100)
  // Timers come next, before answers are looked for.
  await new Promise<void>((resolve) => realClock.soon(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
  expect(await asked).toEqual({ kind: "success", message: "" })
})

it("waits no longer than it may", async () => {
  expect(await ask(10_000)).toEqual({
    kind: "failure",
    message: `Get "http://127.0.0.1:${port}/10000": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  })
})
