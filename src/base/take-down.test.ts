import { expect, it } from "vitest"
import { settleAll } from "./settle-all.ts"
import { takeDown } from "./take-down.ts"

const failing = (message: string) => async () => {
  throw new Error(message)
}

it("takes the rest down when a step fails, then tells of every failure", async () => {
  const done: string[] = []
  const down = takeDown([
    ["stop pods", failing("the runtime is away")],
    ["unmount volumes", async () => void done.push("volumes")],
    ["remove the rules", failing("no nft")],
    ["stop containerd", async () => void done.push("containerd")],
  ])
  await expect(down).rejects.toThrow("cannot stop pods: the runtime is away; cannot remove the rules: no nft")
  expect(done).toEqual(["volumes", "containerd"])
})

it("waits for those that work when others have failed", async () => {
  let finished = false
  const slow = Promise.resolve().then(() => (finished = true))
  await expect(settleAll([failing("one")(), slow, failing("two")(), failing("two")()])).rejects.toThrow(
    /^one; two$/,
  )
  expect(finished).toBe(true)
  await settleAll([slow])
})
