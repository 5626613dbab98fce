import { expect, it } from "vitest"
import { subresourcesOf } from "./authorize.ts"

it.each([
  ["/stats/summary", ["stats"]],
  ["/metrics", ["metrics"]],
  ["/metrics/cadvisor", ["metrics"]],
  ["/logs/", ["log"]],
  ["/checkpoint/a/b/c", ["checkpoint"]],
  ["/pods", ["pods", "proxy"]],
  ["/runningpods/", ["pods", "proxy"]],
  ["/healthz/ping", ["healthz", "proxy"]],
  ["/configz", ["configz", "proxy"]],
  ["/containerLogs/a/b/c", ["proxy"]],
  ["/podsandmore", ["proxy"]],
])("%s needs one of nodes/%s", (path, subresources) => expect(subresourcesOf(path)).toEqual(subresources))
