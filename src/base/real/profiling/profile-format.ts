import { integer, message, type MessageType, repeated, string } from "../../protobuf.ts"

// The format of Go's profiles, of which only what is filled in here (https://github.com/google/pprof/blob/main/proto/profile.proto).
// Texts stand in one table and are named by their place there.

export interface Profile {
  sampleType: ValueType[]
  sample: Sample[]
  location: Location[]
  function: FunctionEntry[]
  stringTable: string[]
  timeNanos: number
  durationNanos: number
  periodType: ValueType | undefined
  period: number
}

export interface ValueType {
  type: number
  unit: number
}

export interface Sample {
  /** The innermost call first. */
  locationId: number[]
  /** One for each sample type. */
  value: number[]
}

export interface Location {
  id: number
  line: Line[]
}

interface Line {
  functionId: number
  line: number
}

export interface FunctionEntry {
  id: number
  name: number
  systemName: number
  filename: number
  startLine: number
}

const ValueType: MessageType<ValueType> = message<ValueType>({ type: [1, integer], unit: [2, integer] })
const Sample = message<Sample>({ locationId: [1, repeated(integer)], value: [2, repeated(integer)] })
const Line = message<Line>({ functionId: [1, integer], line: [2, integer] })
const Location = message<Location>({ id: [1, integer], line: [4, repeated(Line)] })
const FunctionEntry = message<FunctionEntry>({
  id: [1, integer],
  name: [2, integer],
  systemName: [3, integer],
  filename: [4, integer],
  startLine: [5, integer],
})

export const Profile = message<Profile>({
  sampleType: [1, repeated(ValueType)],
  sample: [2, repeated(Sample)],
  location: [4, repeated(Location)],
  function: [5, repeated(FunctionEntry)],
  stringTable: [6, repeated(string)],
  timeNanos: [9, integer],
  durationNanos: [10, integer],
  periodType: [11, ValueType],
  period: [12, integer],
})
