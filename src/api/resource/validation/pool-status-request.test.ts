import { expect, test } from "vitest"
import { formatFieldError } from "../../../apimachinery/field-error.ts"
import { complete } from "../../testing.ts"
import { ResourcePoolStatusRequest } from "../v1alpha3/resource-pool-status-request.ts"
import { validatePoolStatus } from "./pool-status-request.ts"

const spec = { driver: "example.com" }
const messagesOf = (status: object | undefined, before?: object) => {
  const [now, old] = [status, before].map((each) =>
    complete(ResourcePoolStatusRequest, { spec, status: each }),
  )
  return [...validatePoolStatus(now!, old!)].map(formatFieldError)
}

const pool = { driver: "example.com", poolName: "a/b", generation: 1 }

test("an answer is given once", () => {
  const status = { poolCount: 1, pools: [pool] }
  expect(messagesOf(status)).toEqual([])
  expect(messagesOf(status, status)).toEqual([])
  expect(messagesOf({ poolCount: 2, pools: [pool] }, status)[0]).toMatch(/: field is immutable$/)
})

test("what is wrong with it", () => {
  expect(
    messagesOf({ pools: [{ ...pool, poolName: "a//b", resourceSliceCount: 0, totalDevices: -1 }] }),
  ).toEqual([
    "status.poolCount: Required value",
    'status.pools[0].poolName: Invalid value: "a//b": segment 1: must not be empty',
    "status.pools[0].resourceSliceCount: Invalid value: 0: must be greater than or equal to 1",
    "status.pools[0].totalDevices: Invalid value: -1: must be greater than or equal to 0",
  ])
  expect(messagesOf({ poolCount: 1, pools: [{}] })).toEqual([
    "status.pools[0].driver: Required value",
    "status.pools[0].poolName: Required value",
    "status.pools[0].generation: Required value",
  ])
})
