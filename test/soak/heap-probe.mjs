// Loaded into every process of the cluster by NODE_OPTIONS: on SIGUSR2 it collects garbage and writes what is left, so that
// growth is told from rubbish that was only not taken out yet.
import { readdirSync, renameSync, writeFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const directory = process.env.CORACLE_SOAK_PROBES
if (directory) {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc")
  process.on("SIGUSR2", () => {
    collect()
    collect()
    const { rss, heapUsed, external } = process.memoryUsage()
    const openFiles = readdirSync("/proc/self/fd").length
    const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length
    const path = `${directory}/${process.pid}.json`
    writeFileSync(`${path}.new`, JSON.stringify({ rss, heapUsed, external, openFiles, timers }))
    renameSync(`${path}.new`, path)
  })
}
