/** Where a node keeps the data of its volumes. */
export interface VolumeDirectories {
  /** Makes the directory if it is not there, writable for whatever user a container runs as. Gives its path. */
  create(name: string): Promise<string>
  /** Deletes a directory that `create` made, with all that is in it; throws for any other path. */
  remove(path: string): Promise<void>
}
