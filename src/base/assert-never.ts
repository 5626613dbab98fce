/** The end of an exhaustive switch: a case that was forgotten fails to compile; data from outside throws. */
export function assertNever(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`)
}
