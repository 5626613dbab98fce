import { expect, it } from "vitest"
import { logOptions } from "./container-logs.ts"

const parse = (text: string) => logOptions(new URLSearchParams(text), 100_000)

it.each([
  ["", { follow: false, timestamps: false }],
  ["follow=1&timestamps=true&tail=all", { follow: true, timestamps: true }],
  ["tail=3&follow=false", { follow: false, timestamps: false, tailLines: 3 }],
  ["tailLines=0&limitBytes=10", { follow: false, timestamps: false, tailLines: 0, limitBytes: 10 }],
  ["sinceSeconds=10&stream=Stderr", { follow: false, timestamps: false, sinceMs: 90_000, stream: "stderr" }],
  ["stream=All&tailLines=1", { follow: false, timestamps: false, tailLines: 1 }],
  ["sinceTime=1970-01-01T00:00:01Z", { follow: false, timestamps: false, sinceMs: 1000 }],
])("%s is understood", (text, options) => expect(parse(text)).toEqual(options))

it.each([
  ["tailLines=x", 400],
  ["sinceTime=yesterday", 400],
  ["tailLines=-1", 422],
  ["limitBytes=0", 422],
  ["sinceSeconds=0", 422],
  ["sinceSeconds=1&sinceTime=1970-01-01T00:00:01Z", 422],
  ["stream=Stdout&tailLines=1", 422],
  ["stream=stdout", 422],
])("%s is refused with %d", (text, status) => {
  try {
    parse(text)
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ status })
  }
})
