// `npm start`: sets up what is missing, builds, and runs `coracle up` in the foreground.
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "./build.mjs"
import { setup } from "./setup.mjs"

setup()
await build()

const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/coracle.js")
const child = spawn(process.execPath, ["--enable-source-maps", cli, "up", ...process.argv.slice(2)], {
  stdio: "inherit",
})
// The terminal sends Ctrl-C to both of us: the cluster decides when it is done stopping, and we wait for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => signal === "SIGINT" || child.kill(signal))
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
