/**
 * A process to be killed by crash.test.ts. Each of its writers counts upwards in two keys at once, one writer deletes
 * and creates again, and every acknowledged number is printed. Compaction and new bases go on all the time.
 */
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { put, remove } from "../contract/harness.ts"
import { openEmbeddedStore } from "./embedded-store.ts"

const [directory = "", writers = "8"] = process.argv.slice(2)

const store = await openEmbeddedStore({
  directory,
  clock: realClock,
  log: silentLogger,
  logFileBytes: 200_000,
  historyBytes: 300_000,
})

async function count(writer: number): Promise<void> {
  const { kvs } = await store.range({ key: `left-${writer}` })
  let number = kvs[0] === undefined ? 0 : Number(String.fromCharCode(...kvs[0].value).trim())
  for (;;) {
    number++
    const value = String(number).padEnd(100 + ((number * 37) % 3000))
    const churn = number % 2 === 0 ? remove(`churn-${writer}`) : put(`churn-${writer}`, String(number))
    await store.txn({
      success: [put(`left-${writer}`, value), churn, put(`right-${writer}`, value)],
    })
    process.stdout.write(`${writer} ${number}\n`)
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => count(writer)))
