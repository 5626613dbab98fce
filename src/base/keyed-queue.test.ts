import { expect, it } from "vitest"
import { KeyedQueue } from "./keyed-queue.ts"

it("lets work of one key wait, and not that of another", async () => {
  const queue = new KeyedQueue()
  const done: string[] = []
  let finish = () => {}
  const first = queue.run("a", () => new Promise<void>((resolve) => (finish = resolve)))
  const second = queue.run("a", async () => void done.push("second"))
  await queue.run("b", async () => void done.push("other"))
  expect(done).toEqual(["other"])
  finish()
  await Promise.all([first, second])
  expect(done).toEqual(["other", "second"])
})

it("goes on after what failed", async () => {
  const queue = new KeyedQueue()
  const failed = queue.run("a", () => Promise.reject(new Error("no")))
  const after = queue.run("a", async () => "yes")
  await expect(failed).rejects.toThrow("no")
  expect(await after).toBe("yes")
})
