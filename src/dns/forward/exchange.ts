import { createSocket } from "node:dgram"
import { connect } from "node:net"
import type { Clock } from "../../base/clock.ts"
import { headerLength } from "../wire/constants.ts"
import { FrameReader, frame } from "../wire/frames.ts"

/** One question to one server. Rejects on failure and when `timeoutMs` have passed. */
export interface Exchange {
  readonly server: string
  readonly port: number
  readonly message: Buffer
  readonly timeoutMs: number
  readonly clock: Clock
}

/** By UDP, from a port of its own each time: an answer is believed if it has port, number and question right. */
export function exchangeByUdp({ server, port, message, timeoutMs, clock }: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(server.includes(":") ? "udp6" : "udp4")
    const timer = clock.after(timeoutMs, () => finish(() => reject(new Error(`${server}: no answer`))))
    let finished = false
    const finish = (settle: () => void) => {
      if (finished) return
      finished = true
      timer.cancel()
      socket.close()
      settle()
    }
    socket.on("error", (error) => finish(() => reject(error)))
    socket.on("message", (answer) => {
      if (answers(message, answer)) finish(() => resolve(answer))
    })
    socket.connect(port, server, (error?: Error) => {
      if (error) finish(() => reject(error))
      else socket.send(message)
    })
  })
}

export function exchangeByTcp({ server, port, message, timeoutMs, clock }: Exchange): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server, port })
    const finish = (settle: () => void) => {
      timer.cancel()
      socket.destroy()
      settle()
    }
    const timer = clock.after(timeoutMs, () => finish(() => reject(new Error(`${server}: no answer`))))
    const reader = new FrameReader((answer) => {
      if (answers(message, answer)) finish(() => resolve(answer))
    })
    socket.on("error", (error) => finish(() => reject(error)))
    socket.on("close", () => finish(() => reject(new Error(`${server}: closed the connection`))))
    socket.on("data", (chunk: Buffer) => reader.push(chunk))
    socket.write(frame(message))
  })
}

/** Same number and same question, spelling included. */
function answers(question: Buffer, answer: Buffer): boolean {
  if (answer.length < headerLength || answer.readUInt16BE(0) !== question.readUInt16BE(0)) return false
  let end = headerLength
  while (end < question.length && question[end] !== 0) end += question[end]! + 1
  end += 5
  return answer.length >= end && question.compare(answer, headerLength, end, headerLength, end) === 0
}
