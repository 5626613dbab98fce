import {
  bytes,
  enumOf,
  integer,
  message,
  optional,
  present,
  repeated,
  string,
  stringMap,
} from "../../base/protobuf.ts"

// The few messages of containerd's own API (not the CRI) that loading an image needs. Field numbers are facts of the
// published interface (github.com/containerd/containerd/api).

export interface Descriptor {
  mediaType: string
  /** "sha256:..." */
  digest: string
  size: number
}
export const Descriptor = message<Descriptor>({
  mediaType: [1, string],
  digest: [2, string],
  size: [3, integer],
})

export interface ContainerdImage {
  name: string
  labels: Record<string, string>
  target: Descriptor
}
export const ContainerdImage = message<ContainerdImage>({
  name: [1, string],
  labels: [2, stringMap],
  target: [3, present(Descriptor)],
})

export const ImageEnvelope = message<{ image?: ContainerdImage }>({ image: [1, ContainerdImage] })

export interface WriteContentRequest {
  action: "STAT" | "WRITE" | "COMMIT"
  ref: string
  total?: number
  expected?: string
  offset: number
  data: Uint8Array
  labels?: Record<string, string>
}
const writeAction = enumOf({ STAT: 0, WRITE: 1, COMMIT: 2 })
export const WriteContentRequest = message<WriteContentRequest>({
  action: [1, writeAction],
  ref: [2, string],
  total: [3, optional(integer)],
  expected: [4, optional(string)],
  offset: [5, integer],
  data: [6, bytes],
  labels: [7, optional(stringMap)],
})

export const WriteContentResponse = message<{ offset: number; digest: string }>({
  offset: [4, integer],
  digest: [6, string],
})

export const ContentInfo = message<{ info?: { digest: string; labels: Record<string, string> } }>({
  info: [
    1,
    message<{ digest: string; labels: Record<string, string> }>({
      digest: [1, string],
      labels: [5, stringMap],
    }),
  ],
})

/** Content's Update takes the info and the paths of the labels to set. */
export const UpdateContentRequest = message<{
  info?: { digest: string; labels: Record<string, string> }
  mask?: { paths: string[] }
}>({
  info: [
    1,
    message<{ digest: string; labels: Record<string, string> }>({
      digest: [1, string],
      labels: [5, stringMap],
    }),
  ],
  mask: [2, message<{ paths: string[] }>({ paths: [1, repeated(string)] })],
})

export const Lease = message<{ id: string; labels: Record<string, string> }>({
  id: [1, string],
  labels: [3, stringMap],
})
export const Empty = message<object>({})

export const ImageName = message<{ name: string }>({ name: [1, string] })

export const ReadContentRequest = message<{ digest: string }>({ digest: [1, string] })
export const ReadContentResponse = message<{ offset: number; data: Uint8Array }>({
  offset: [1, integer],
  data: [2, bytes],
})

export interface SnapshotMount {
  type: string
  source: string
  options: string[]
}
const SnapshotMount = message<SnapshotMount>({
  type: [1, string],
  source: [2, string],
  options: [4, repeated(string)],
})

/** Of Prepare and View. */
export const PrepareSnapshotRequest = message<{
  snapshotter: string
  key: string
  parent: string
  labels?: Record<string, string>
}>({
  snapshotter: [1, string],
  key: [2, string],
  parent: [3, string],
  labels: [4, optional(stringMap)],
})
/** Of Prepare, View and Mounts. */
export const SnapshotMounts = message<{ mounts: SnapshotMount[] }>({ mounts: [1, repeated(SnapshotMount)] })

/** Of Mounts, Remove and Stat. */
export const SnapshotKey = message<{ snapshotter: string; key: string }>({
  snapshotter: [1, string],
  key: [2, string],
})

export const CommitSnapshotRequest = message<{
  snapshotter: string
  name: string
  key: string
  labels?: Record<string, string>
}>({
  snapshotter: [1, string],
  name: [2, string],
  key: [3, string],
  labels: [4, optional(stringMap)],
})

export const ApplyRequest = message<{ diff?: Descriptor; mounts: SnapshotMount[] }>({
  diff: [1, Descriptor],
  mounts: [2, repeated(SnapshotMount)],
})
