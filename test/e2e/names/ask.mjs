// Runs in a pod: asks the DNS server of the pod's own resolv.conf, and says what it heard in words that compare.
import { createSocket } from "node:dgram"
import { lookup, resolve, getServers } from "node:dns/promises"

const ways = {
  /** As a program would: with search paths, by the C library. */
  async lookup(name) {
    return (await lookup(name, { all: true })).map(({ address }) => address)
  },
  /** One datagram of 512 bytes at most, as the oldest clients take it. */
  async datagram(name) {
    const response = await exchange(encodeQuestion(name))
    return [response.readUInt16BE(2) & 0x0200 ? "truncated" : "whole"]
  },
}

async function ask([way, name]) {
  try {
    // What is truncated is asked for again by TCP.
    const answers = await (ways[way]?.(name) ?? resolve(name, way))
    return answers.map((each) => (typeof each === "string" ? each : `${each.name}:${each.port}`)).toSorted()
  } catch (error) {
    return [error.code]
  }
}

function encodeQuestion(name) {
  const labels = name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)])
  return Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1])
}

function exchange(message) {
  const socket = createSocket("udp4")
  return new Promise((resolve, reject) => {
    socket.on("message", resolve).on("error", reject)
    socket.send(message, 53, getServers()[0])
  }).finally(() => socket.close())
}

console.log(JSON.stringify(await Promise.all(JSON.parse(process.argv[2]).map(ask))))
