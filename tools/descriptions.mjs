// Texts for `kubectl explain` and OpenAPI: what the API's types and fields mean, in upstream's words. They are not copied into
// the repository; the build takes them from the doc comments of the installed @kubernetes/client-node (Apache-2.0) and puts
// them beside the bundle. Without that package everything works and explains nothing.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const models = join(root, "node_modules/@kubernetes/client-node/dist/gen/models")

/** Writes `{ V1PodSpec: { "": "…", restartPolicy: "…" } }`; writes nothing if the package is not installed. */
export async function writeDescriptions(path) {
  if (!existsSync(models)) return
  const files = readdirSync(models).filter((file) => file.endsWith(".d.ts"))
  const table = {}
  for (const file of files.sort()) Object.assign(table, readModel(readFileSync(join(models, file), "utf8")))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, JSON.stringify(table))
}

const documented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export declare class (\w+)|'([^']+)'\??:)/g

/** A doc comment stands right before the class or the field that it is about. */
export function readModel(source) {
  const table = {}
  let current
  for (const [, comment, className, field] of source.matchAll(documented)) {
    if (className) current = table[className] = {}
    const text = textOf(comment)
    // Of a field that may be a number or a string the package tells what that is, not what the field is.
    if (current && text && !text.startsWith("IntOrString is a type")) current[className ? "" : field] = text
  }
  return table
}

function textOf(comment) {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
  // The package's generator escapes quotes as if they stood in a string, and ends of comments; of an empty line it makes
  // two spaces.
  return lines
    .join("\n")
    .trim()
    .replaceAll(/\\(["'])/g, "$1")
    .replaceAll("*_/", "*/")
    .replaceAll("/_*", "/*")
    .replaceAll(/(?<=\S) {3}(?=\d+\. )/g, "\n  ")
    .replaceAll(/(?<=\S) {2}(?=\S)/g, "\n\n")
}

if (fileURLToPath(import.meta.url) === process.argv[1]) {
  await writeDescriptions(join(root, "dist/descriptions.json"))
}
