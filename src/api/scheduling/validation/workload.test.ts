import { describe, expect, test } from "vitest"
import { formatFieldError } from "../../../apimachinery/field-error.ts"
import type { PodGroup } from "../v1alpha2/pod-group.ts"
import type { Workload } from "../v1alpha2/workload.ts"
import { validatePodGroup, validatePodGroupStatus, validatePodGroupUpdate } from "./pod-group.ts"
import { validateWorkload, validateWorkloadUpdate } from "./workload.ts"

const workload = (spec: object) => ({ metadata: { name: "w" }, spec }) as unknown as Workload
const group = (spec: object, status: object = {}) =>
  ({ metadata: { name: "g" }, spec, status }) as unknown as PodGroup
const told = (errors: Iterable<Parameters<typeof formatFieldError>[0]>) => [...errors].map(formatFieldError)
const basic = { name: "t", schedulingPolicy: { basic: {} } }
const gang = { name: "t", schedulingPolicy: { gang: { minCount: 2 } } }

describe("a Workload", () => {
  test.each([
    [{}, ["spec.podGroupTemplates: Required value"]],
    [
      { podGroupTemplates: [basic, gang] },
      [expect.stringContaining("podGroupTemplates[1]: Duplicate value")],
    ],
    [
      { podGroupTemplates: Array.from({ length: 9 }, (_, index) => ({ ...basic, name: `t${index}` })) },
      ["spec.podGroupTemplates: Too many: 9: must have at most 8 items"],
    ],
    [
      { podGroupTemplates: [{ name: "", schedulingPolicy: {} }] },
      [
        "spec.podGroupTemplates[0].name: Required value",
        'spec.podGroupTemplates[0].schedulingPolicy: Invalid value: "": must specify one of: `basic`, `gang`',
      ],
    ],
    [
      { podGroupTemplates: [{ name: "t", schedulingPolicy: { basic: {}, gang: { minCount: 0 } } }] },
      [
        'spec.podGroupTemplates[0].schedulingPolicy: Invalid value: "{basic, gang}": must specify exactly one of: `basic`, `gang`',
        "spec.podGroupTemplates[0].schedulingPolicy.gang.minCount: Required value",
      ],
    ],
    [
      { podGroupTemplates: [basic], controllerRef: { kind: "a/b", name: "" } },
      [
        "spec.controllerRef.kind: Invalid value: \"a/b\": may not contain '/'",
        "spec.controllerRef.name: Required value",
      ],
    ],
    [{ podGroupTemplates: [gang], controllerRef: { apiGroup: "apps", kind: "Deployment", name: "web" } }, []],
  ])("%j", (spec, expected) => expect(told(validateWorkload(workload(spec)))).toEqual(expected))

  test("stays as it is", () => {
    const old = workload({ podGroupTemplates: [basic] })
    expect(told(validateWorkloadUpdate(old, old))).toEqual([])
    expect(told(validateWorkloadUpdate(workload({ podGroupTemplates: [gang] }), old))).toEqual([
      "spec.podGroupTemplates: Invalid value: null: field is immutable",
    ])
  })
})

describe("a PodGroup", () => {
  test.each([
    [{ schedulingPolicy: {} }, 1],
    [{ schedulingPolicy: { gang: { minCount: -1 } }, podGroupTemplateRef: {} }, 2],
    [{ schedulingPolicy: { basic: {} }, podGroupTemplateRef: { workload: {} } }, 2],
    [
      {
        schedulingPolicy: { basic: {} },
        podGroupTemplateRef: { workload: { workloadName: "w", podGroupTemplateName: "t" } },
      },
      0,
    ],
  ])("%j has %i faults", (spec, count) => expect(told(validatePodGroup(group(spec))).length).toBe(count))

  test("stays as it is, and may not ask for what is switched off", () => {
    const old = group({ schedulingPolicy: { basic: {} }, disruptionMode: "Pod" })
    const next = group({ schedulingPolicy: { gang: { minCount: 1 } }, disruptionMode: "PodGroup" })
    expect(told(validatePodGroupUpdate(next, old))).toEqual([
      "spec.schedulingPolicy: Invalid value: null: field is immutable",
      "spec.disruptionMode: Forbidden",
    ])
  })

  test("tells of claims that it has", () => {
    const status = { resourceClaimStatuses: [{ name: "a" }, { name: "b" }] }
    expect(told(validatePodGroupStatus(group({ resourceClaims: [{ name: "a" }] }, status)))).toEqual([
      'status.resourceClaimStatuses[1].name: Invalid value: "b": must match the name of an entry in `spec.resourceClaims`',
    ])
  })
})
