import { describe, expect, test } from "vitest"
import { formatFieldError } from "../../../apimachinery/field-error.ts"
import { complete, createErrors, updateErrors } from "../../testing.ts"
import { Pod } from "../v1/pod.ts"
import { validateEphemeralContainersUpdate } from "./pod.ts"
import { validatePodResize } from "./pod-resize.ts"
import { validatePodStatusUpdate } from "./pod-status.ts"

const web = { name: "web", image: "nginx" }
const pod = (spec: object = {}) => ({ spec: { containers: [web], ...spec } })
const container = (fields: object) => pod({ containers: [{ ...web, ...fields }] })

test("a plain pod is valid", () => {
  expect(createErrors(Pod, pod())).toEqual([])
})

test.each<[string, object, string[]]>([
  ["no containers", pod({ containers: [] }), ["spec.containers: Required value"]],
  ["no image", container({ image: "" }), ["spec.containers[0].image: Required value"]],
  [
    "two containers of one name",
    pod({ containers: [web, web] }),
    ['spec.containers[1].name: Duplicate value: "web"'],
  ],
  [
    "a restart policy that there is not",
    pod({ restartPolicy: "Sometimes" }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    "a mount of no volume",
    container({ volumeMounts: [{ name: "data", mountPath: "/data" }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
  ],
  [
    "a request above the limit",
    container({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
    [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
  ],
  [
    "a probe of an init container that ends",
    pod({ initContainers: [{ ...web, name: "init", livenessProbe: { tcpSocket: { port: 80 } } }] }),
    [
      "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  ],
  [
    "a port of the host that is another in the container",
    pod({ hostNetwork: true, containers: [{ ...web, ports: [{ containerPort: 80, hostPort: 81 }] }] }),
    [
      "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
    ],
  ],
  [
    "containers for debugging from the start",
    pod({ ephemeralContainers: [{ name: "debug", image: "busybox" }] }),
    ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
  ],
])("%s", (_, written, errors) => {
  expect(createErrors(Pod, written)).toEqual(errors)
})

describe("updates", () => {
  test("images may change", () => {
    expect(updateErrors(Pod, pod(), container({ image: "httpd" }))).toEqual([])
  })

  test("tolerations may be added, and not taken back", () => {
    const tolerations = [{ operator: "Exists" }]
    expect(updateErrors(Pod, pod(), pod({ tolerations }))).toEqual([])
    expect(updateErrors(Pod, pod({ tolerations }), pod())).toEqual([
      "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ])
  })

  test("anything else is refused, with the difference", () => {
    const [error, ...more] = updateErrors(Pod, pod(), container({ command: ["sh"] }))
    expect(more).toEqual([])
    expect(error).toContain(
      "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
    )
    expect(error).toContain('+   "command": [')
  })

  test("a gated pod can be narrowed down", () => {
    const gated = { schedulingGates: [{ name: "example.com/quota" }] }
    expect(updateErrors(Pod, pod(gated), pod({ ...gated, nodeSelector: { disk: "ssd" } }))).toEqual([])
  })
})

test("resizing changes cpu and memory alone, and never the class", () => {
  const resized = (resources: object) => complete(Pod, container({ resources }))
  const old = resized({ requests: { cpu: "1" } })
  expect([...validatePodResize(resized({ requests: { cpu: "2" } }), old)]).toEqual([])
  const errors = [...validatePodResize(complete(Pod, pod()), old)].map(formatFieldError)
  expect(errors).toEqual([
    'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
    "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
  ])
})

test("ephemeral containers stay", () => {
  const old = complete(Pod, pod({ ephemeralContainers: [{ name: "debug", image: "busybox" }] }))
  const errors = [...validateEphemeralContainersUpdate(complete(Pod, pod()), old)].map(formatFieldError)
  expect(errors).toEqual([
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  ])
})

test("a container that ended for good does not run again", () => {
  const state = (state: object) =>
    complete(Pod, {
      ...pod({ restartPolicy: "Never" }),
      status: { containerStatuses: [{ name: "web", state }] },
    })
  const [ended, running] = [state({ terminated: { exitCode: 1 } }), state({ running: {} })]
  expect([...validatePodStatusUpdate(ended, running)]).toEqual([])
  expect([...validatePodStatusUpdate(running, ended)].map(formatFieldError)).toEqual([
    "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
  ])
})
