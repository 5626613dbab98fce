/** Element types of which lists know an order: their functions have an overload for each. */
export const sortable = [
  "int",
  "uint",
  "double",
  "bool",
  "google.protobuf.Duration",
  "google.protobuf.Timestamp",
  "string",
  "bytes",
]
