import { answerProbe, type HealthCheck, must, ping } from "../../apimachinery/health-checks.ts"
import type { Kubelet } from "../kubelet.ts"
import type { PodDevices } from "../node-host.ts"
import { HttpProblem } from "./http-problem.ts"

/** When nothing was compared with the runtime for so long, something is stuck: upstream's bound. */
const stuckMs = 180_000

/** GET /healthz and /healthz/CHECK. Throws HttpProblem when something is not well, or there is no such check. */
export async function healthz(kubelet: Kubelet, path: string, query: URLSearchParams): Promise<string> {
  const [, name] = /^\/healthz(?:\/(.+))?$/.exec(path) ?? []
  const asked = { probe: "healthz", name, query } as const
  const answer = await answerProbe(asked, checksOf(kubelet), kubelet.services.healthRecord)
  if (!answer) throw new HttpProblem(404, "404 page not found")
  if (answer.code !== 200) throw new HttpProblem(answer.code, answer.text.trimEnd())
  return answer.text
}

function checksOf({ workers, services }: Kubelet): HealthCheck[] {
  const isInStep = () => workers.sinceRelistMs < stuckMs
  const { devices } = services.host
  const checks = [
    ping,
    { ...ping, name: "log" },
    must("syncloop", isInStep, "sync Loop took longer than expected"),
  ]
  return devices ? [...checks, deviceCheck(devices)] : checks
}

function deviceCheck(devices: PodDevices): HealthCheck {
  return {
    name: "device-plugin",
    check() {
      const problem = devices.problem()
      if (problem !== undefined) throw new Error(problem)
    },
  }
}
