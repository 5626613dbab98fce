import { expect, test } from "vitest"
import { parseRequestInfo } from "../request-info.ts"
import { estimateWork } from "./work-estimate.ts"

function estimate(
  request: string,
  figures: { count?: number; bytes?: number; watchers?: number } = {},
  most = 0,
) {
  const [method = "", url = ""] = request.split(" ")
  const [path = "", search = ""] = url.split("?")
  const query = new URLSearchParams(search)
  const { count = 0, bytes = 0, watchers = 0 } = figures
  const known = { count, bytes, watchers }
  const work = estimateWork(parseRequestInfo(method, path, query), query, known, most)
  return [work.initialSeats, work.finalSeats, work.additionalMs]
}

const pods = "/api/v1/pods"
const many = { count: 10_000, bytes: 40_000_000 }

test.each([
  ["GET /api/v1/namespaces/x/pods/a", many, 1],
  [`GET ${pods}`, { count: 10, bytes: 40_000 }, 1],
  [`GET ${pods}`, { count: 100, bytes: 400_000 }, 4],
  // From memory it is written in pieces.
  [`GET ${pods}`, many, 10],
  [`GET ${pods}?resourceVersion=0`, many, 10],
  [`GET ${pods}?limit=500`, many, 10],
  [`GET ${pods}?limit=50`, many, 2],
  // From the store all of it is there at once.
  [`GET ${pods}?limit=500&continue=abc`, many, 20],
  [`GET ${pods}?limit=500&continue=abc&labelSelector=a`, many, 100],
  [`GET ${pods}?resourceVersion=5&resourceVersionMatch=Exact`, many, 100],
  [`GET ${pods}?fieldSelector=metadata.name=a`, many, 1],
  [`GET ${pods}?limit=x`, many, 100],
  [`GET ${pods}?watch=1&resourceVersion=5`, many, 1],
  [`GET ${pods}?watch=1`, many, 10],
  [
    `GET ${pods}?watch=1&sendInitialEvents=true&resourceVersion=5&resourceVersionMatch=NotOlderThan`,
    many,
    10,
  ],
])("%s of %j takes %i seats", (request, figures, seats) => {
  expect(estimate(request, figures)).toEqual([seats, 0, 0])
})

test("a level's own limit holds", () => {
  expect(estimate(`GET ${pods}`, many, 3)).toEqual([3, 0, 0])
})

test.each([
  [0, 0, 0],
  [9, 0, 0],
  [10, 1, 5],
  [95, 10, 5],
  // Narrower and longer, with the same area.
  [400, 10, 20],
])("a write that %i watch takes %i seats for %i ms more", (watchers, finalSeats, additionalMs) => {
  expect(estimate("POST /api/v1/namespaces/x/pods", { watchers })).toEqual([1, finalSeats, additionalMs])
})

test("nobody is told of a token, and a read changes nothing", () => {
  expect(estimate("POST /api/v1/namespaces/x/serviceaccounts/a/token", { watchers: 400 })).toEqual([1, 0, 0])
  expect(estimate("GET /api/v1/namespaces/x/pods/a", { watchers: 400 })).toEqual([1, 0, 0])
})

test("of what another server has nothing is known", () => {
  const query = new URLSearchParams()
  const info = parseRequestInfo("GET", "/apis/other.example.com/v1/boats", query)
  expect(estimateWork(info, query, undefined, 10).initialSeats).toBe(1)
})
