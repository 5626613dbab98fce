import { readdirSync, readFileSync } from "node:fs"

// What the machine tells in files. They come and go while one reads: what is not there is empty.

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

export function listNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

export function processIds(): number[] {
  return listNames("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}
