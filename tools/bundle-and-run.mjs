// For programs beside the product (benchmarks, simulation, soak): not part of the build, and run from TypeScript all the same.
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Bundles `entry` into `.cache/NAME.mjs`, runs it from the project's root, and exits as it does.
 *
 * @param entry path from the root
 * @param args for the program
 * @param nodeFlags for Node.js itself
 */
export async function bundleAndRun(entry, name, args, nodeFlags = []) {
  // Whoever builds first may only have installed it then.
  const esbuild = await import("esbuild")
  const outfile = join(root, `.cache/${name}.mjs`)
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  })
  const command = ["--enable-source-maps", ...nodeFlags, outfile, ...args]
  const child = spawn(process.execPath, command, { stdio: "inherit", cwd: root })
  // Ctrl-C reaches it as it reaches this.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => void (signal === "SIGINT" || child.kill(signal)))
  child.once("exit", (code) => process.exit(code ?? 1))
}
