/**
 * Pods per second from their creation to their binding, for the workloads of upstream's scheduler_perf, beside what
 * upstream's CI asks of kube-scheduler. API server, store in memory and scheduler share one thread of this process.
 *
 * Usage: npm run bench -- scheduler [--scale 0.1] [--only NAME]
 *   --scale  nodes and pods of each workload by this factor; floors are of the full size
 *   --only   workloads whose name contains this
 */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"
import { runWorkload } from "./scheduler-parts/run-workload.ts"
import { type Workload, workloads } from "./scheduler-parts/workloads.ts"

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    one: { type: "string" },
  },
})
const scale = Number(values.scale)

if (values.one === undefined) runAll()
else {
  // Timers of the real clock keep no process alive.
  setInterval(() => {}, 1000)
  const workload = scaled(workloads[Number(values.one)]!)
  const { podsPerSecond, seconds, cpuSeconds, heapMegabytes } = await runWorkload(workload)
  const sizes = [workload.nodes, workload.initialPods, workload.measuredPods].join("/")
  const ratio = workload.floor
    ? `${(podsPerSecond / workload.floor).toFixed(1)} × ${workload.floor}`
    : "no floor"
  console.log(
    `${workload.name.padEnd(28)} ${sizes.padEnd(18)} ${podsPerSecond.toFixed(0).padStart(6)} pods/s  ${ratio.padEnd(14)} ${seconds.toFixed(1)} s (cpu ${cpuSeconds.toFixed(1)} s), ${heapMegabytes.toFixed(0)} MB`,
  )
  process.exit(0)
}

/** Each in a process of its own: what one leaves in the heap is not the next one's. */
function runAll(): void {
  console.log(`${"workload".padEnd(28)} nodes/initial/measured`)
  for (const [index, { name }] of workloads.entries()) {
    if (!name.toLowerCase().includes(values.only.toLowerCase())) continue
    const args = [...process.execArgv, process.argv[1]!, "--one", String(index), "--scale", values.scale]
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" })
    if (status !== 0) console.log(`${name}: failed`)
  }
}

function scaled(workload: Workload): Workload {
  const by = (count: number) => Math.round(count * scale)
  return {
    ...workload,
    nodes: by(workload.nodes),
    initialPods: by(workload.initialPods),
    measuredPods: by(workload.measuredPods),
  }
}
