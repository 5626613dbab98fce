import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { tokenRights } from "./volume-files.ts"

const user = { securityContext: { runAsUser: 1000 } }
const other = { securityContext: { runAsUser: 1001 } }

it.each([
  ["as the volume says", {}, [{}], { mode: 0o644 }],
  ["for the one user", { runAsUser: 1000 }, [{}, user], { mode: 0o600, owner: 1000 }],
  ["for the group", { fsGroup: 10_000 }, [{}], { mode: 0o640 }],
  ["for both", { runAsUser: 1000, fsGroup: 10_000 }, [{}], { mode: 0o640, owner: 1000 }],
  ["for no user among several", {}, [user, other], { mode: 0o644 }],
])("tokens are readable %s", (_, securityContext, containers, rights) => {
  expect(tokenRights({ spec: { securityContext, containers } } as unknown as Pod, 0o644)).toEqual(rights)
})
