/**
 * Pods per second from their creation to their binding, for the workloads of upstream's scheduler_perf, beside what
 * upstream's CI asks of kube-scheduler.
 *
 * As upstream measures (https://github.com/kubernetes/kubernetes/tree/master/test/integration/scheduler_perf): nodes and
 * initial pods are there before the clock starts; then thirty clients create the measured pods while the scheduler is at
 * work on them, and what counts is how many got a node per second, from the first creation to the last binding that a
 * watcher has seen. Events are written, as upstream writes them. Neither has a kubelet or controllers.
 *
 * Not as upstream: API server, store in memory, clients and scheduler share one thread of one process (upstream gives each
 * as many as the machine has, etcd a process, and clients real connections), and nothing is asked of admission plugins.
 * The last column is the processor's time per pod, all threads: on a machine that does other things too it says more than
 * the clock.
 *
 * Usage: npm run bench -- scheduler [--scale 0.1] [--only NAME] [--profile DIR]
 *   --scale  nodes and pods of each workload by this factor; floors are of the full size
 *   --pods   pods of each workload by this factor, nodes in full: for a quick look
 *   --only   workloads whose name contains this
 *   --profile  where to put a .cpuprofile of the measured part of each
 */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { runWorkload } from "./scheduler-parts/run-workload.ts"
import { type Workload, workloads } from "./scheduler-parts/workloads.ts"

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    pods: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    one: { type: "string" },
    profile: { type: "string" },
  },
})
const scale = Number(values.scale)
const podScale = scale * Number(values.pods)

if (values.one === undefined) runAll()
else {
  // Timers of the real clock keep no process alive.
  setInterval(() => {}, 1000)
  const workload = scaled(workloads[Number(values.one)]!)
  const profile =
    values.profile && join(values.profile, `${workload.name.replaceAll(/\W+/g, "-")}.cpuprofile`)
  const { podsPerSecond, seconds, cpuSeconds, heapMegabytes } = await runWorkload(workload, profile)
  const cpuMicroseconds = (cpuSeconds * 1e6) / workload.measuredPods
  const sizes = [workload.nodes, workload.initialPods, workload.measuredPods].join("/")
  const ratio = workload.floor
    ? `${(podsPerSecond / workload.floor).toFixed(1)} × ${workload.floor}`
    : "no floor"
  console.log(
    `${workload.name.padEnd(28)} ${sizes.padEnd(18)} ${podsPerSecond.toFixed(0).padStart(6)} pods/s  ${ratio.padEnd(14)} ${seconds.toFixed(1)} s, ${heapMegabytes.toFixed(0)} MB, ${cpuMicroseconds.toFixed(0)} µs of CPU per pod`,
  )
  process.exit(0)
}

/** Each in a process of its own: what one leaves in the heap is not the next one's. */
function runAll(): void {
  console.log(`${"workload".padEnd(28)} nodes/initial/measured`)
  for (const [index, { name }] of workloads.entries()) {
    if (!name.toLowerCase().includes(values.only.toLowerCase())) continue
    const args = [
      ...process.execArgv,
      process.argv[1]!,
      "--one",
      String(index),
      "--scale",
      values.scale,
      "--pods",
      values.pods,
    ]
    if (values.profile) args.push("--profile", values.profile)
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" })
    if (status !== 0) console.log(`${name}: failed`)
  }
}

function scaled(workload: Workload): Workload {
  return {
    ...workload,
    nodes: Math.round(workload.nodes * scale),
    initialPods: Math.round(workload.initialPods * podScale),
    measuredPods: Math.round(workload.measuredPods * podScale),
  }
}
