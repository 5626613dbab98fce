import { expect, it } from "vitest"
import { Turns } from "./turns.ts"

it("lets work of one name wait, and not that of another", async () => {
  const turns = new Turns()
  const done: string[] = []
  let finish = () => {}
  const first = turns.take("a", () => new Promise<void>((resolve) => (finish = resolve)))
  const second = turns.take("a", async () => void done.push("second"))
  await turns.take("b", async () => void done.push("other"))
  expect(done).toEqual(["other"])
  finish()
  await Promise.all([first, second])
  expect(done).toEqual(["other", "second"])
})

it("goes on after what failed", async () => {
  const turns = new Turns()
  const failed = turns.take("a", () => Promise.reject(new Error("no")))
  const after = turns.take("a", async () => "yes")
  await expect(failed).rejects.toThrow("no")
  expect(await after).toBe("yes")
})
