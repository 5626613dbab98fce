import { expect, test } from "vitest"
import { onAbort, orAborted } from "./on-abort.ts"

test("tells everybody once, except those who no longer want to know", () => {
  const controller = new AbortController()
  const told: string[] = []
  onAbort(controller.signal, () => void told.push("a"))
  const forget = onAbort(controller.signal, () => void told.push("b"))
  onAbort(controller.signal, () => void told.push("c"))
  forget()
  controller.abort()
  controller.abort()
  expect(told).toEqual(["a", "c"])
  onAbort(controller.signal, () => void told.push("late"))
  expect(told).toEqual(["a", "c", "late"])
})

test("waiting ends with what is waited for, or when it is no longer worth it", async () => {
  const controller = new AbortController()
  await orAborted(Promise.resolve(), controller.signal)
  const never = orAborted(new Promise(() => {}), controller.signal)
  controller.abort()
  await never
  await orAborted(new Promise(() => {}), controller.signal)
})
