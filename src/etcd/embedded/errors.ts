/** The store's files are not what was written: nothing is served from them. */
export class DamagedStoreError extends Error {
  override readonly name = "DamagedStoreError"
  constructor(file: string, atByte: number, why: string) {
    super(
      `the store is damaged: ${file}, byte ${atByte}: ${why}. Nothing was changed. ` +
        `Restore the directory from a snapshot or a copy; the file itself still holds everything before that byte.`,
    )
  }
}

/** Another process has the directory open. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError"
  readonly processId: number
  constructor(directory: string, processId: number) {
    super(
      `the store in ${directory} is in use by process ${processId}. ` +
        `Stop that process first, or choose another directory.`,
    )
    this.processId = processId
  }
}

/** The directory was written by a program that knows another format. */
export class StoreFormatError extends Error {
  override readonly name = "StoreFormatError"
}
