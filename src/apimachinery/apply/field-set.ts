import { type PathElement, parsePathElement, sortPathElements } from "./path-element.ts"

/**
 * A set of fields, in the very form in which managedFields carries it (FieldsV1,
 * https://pkg.go.dev/sigs.k8s.io/structured-merge-diff/v6/fieldpath): a tree whose keys are path elements. An empty node is
 * a field that belongs to the set; a node with children is one if it holds ".".
 *
 *     { "f:spec": { "f:replicas": {}, "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:image": {} } } } }
 *
 * holds spec.replicas, the container web, and its image, but not spec nor spec.containers.
 *
 * Sets are immutable and share parts; keys are in upstream's order. So nothing is parsed when an object is read, and
 * nothing encoded when it is written.
 */
export interface FieldSet {
  readonly [element: PathElement]: FieldSet
}

/** The set without fields; also the node of a field without further fields below. */
export const emptySet: FieldSet = Object.freeze({})
const self = "."

/** Whether the field at this node belongs to the set. At the root, whether the set is empty. */
export function isLeaf(node: FieldSet): boolean {
  for (const _ in node) return false
  return true
}

export function isMember(node: FieldSet): boolean {
  return self in node || isLeaf(node)
}

/** A node with children and perhaps itself; undefined if there would be nothing in it. `children` may be changed no more. */
export function makeNode(
  children: Record<PathElement, FieldSet> | undefined,
  hasItself: boolean,
): FieldSet | undefined {
  if (!children) return hasItself ? emptySet : undefined
  const elements = Object.keys(children)
  if (elements.length === 0) return hasItself ? emptySet : undefined
  return sorted(children, hasItself ? [self, ...elements] : elements)
}

function sorted(nodes: Readonly<Record<PathElement, FieldSet>>, elements: PathElement[]): FieldSet {
  const node: Record<PathElement, FieldSet> = {}
  for (const element of sortPathElements(elements)) node[element] = nodes[element] ?? emptySet
  return node
}

function childrenOf(node: FieldSet): PathElement[] {
  return Object.keys(node).filter((element) => element !== self)
}

function child(node: FieldSet, element: PathElement): FieldSet | undefined {
  return Object.hasOwn(node, element) ? node[element] : undefined
}

/** The fields of either. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isLeaf(b)) return a
  if (isLeaf(a)) return b
  return unionNodes(a, b, false)
}

// Below the root an empty node says something: that its field belongs to the set.
function unionNodes(a: FieldSet, b: FieldSet, isField: boolean): FieldSet {
  if (a === b) return a
  const children: Record<PathElement, FieldSet> = {}
  let isSame = true
  for (const element of childrenOf(a)) children[element] = a[element]!
  for (const element of childrenOf(b)) {
    const before = children[element]
    const after = before === undefined ? b[element]! : unionNodes(before, b[element]!, true)
    if (after === before) continue
    children[element] = after
    isSame = false
  }
  const hasItself = isField && (isMember(a) || isMember(b))
  return isSame && hasItself === (isField && isMember(a)) ? a : (makeNode(children, hasItself) ?? emptySet)
}

/** The fields of `a` that are not in `b`. That a field is in `b` says nothing of the fields below it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isLeaf(a) || isLeaf(b)) return a
  return subtract(a, b, false, false) ?? emptySet
}

/** The fields of `a` that are not in `b` nor below a field of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isLeaf(a) || isLeaf(b)) return a
  return subtract(a, b, false, true) ?? emptySet
}

function subtract(a: FieldSet, b: FieldSet, isField: boolean, isRecursive: boolean): FieldSet | undefined {
  if (isField && isRecursive && isMember(b)) return undefined
  const hadItself = isField && isMember(a)
  const hasItself = hadItself && !isMember(b)
  let changed: Map<PathElement, FieldSet | undefined> | undefined
  for (const element of Object.keys(b)) {
    const before = element === self ? undefined : child(a, element)
    if (before === undefined) continue
    const after = subtract(before, b[element]!, true, isRecursive)
    if (after !== before) (changed ??= new Map<PathElement, FieldSet | undefined>()).set(element, after)
  }
  if (!changed && hasItself === hadItself) return a
  return rebuild(a, hasItself, changed)
}

/** Elements keep their order. (Deleting from a copy would make it slow for good.) */
function rebuild(
  node: FieldSet,
  hasItself: boolean,
  changed: ReadonlyMap<PathElement, FieldSet | undefined> | undefined,
): FieldSet | undefined {
  const result: Record<PathElement, FieldSet> = {}
  if (hasItself) result[self] = emptySet
  let children = 0
  for (const element of Object.keys(node)) {
    if (element === self) continue
    const inner = changed?.has(element) ? changed.get(element) : node[element]
    if (inner === undefined) continue
    result[element] = inner
    children++
  }
  if (children > 0) return result
  return hasItself ? emptySet : undefined
}

/** The fields of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  if (isLeaf(a) || isLeaf(b)) return emptySet
  return intersect(a, b, false) ?? emptySet
}

function intersect(a: FieldSet, b: FieldSet, isField: boolean): FieldSet | undefined {
  if (a === b) return a
  const children: Record<PathElement, FieldSet> = {}
  for (const element of childrenOf(a)) {
    const other = child(b, element)
    const both = other && intersect(a[element]!, other, true)
    if (both) children[element] = both
  }
  return makeNode(children, isField && isMember(a) && isMember(b))
}

/** Every field of the set, as a path; at each level the members come before what is below their neighbours, as upstream. */
export function listPaths(set: FieldSet): PathElement[][] {
  const paths: PathElement[][] = []
  const visit = (node: FieldSet, path: PathElement[]) => {
    for (const element of childrenOf(node)) if (isMember(node[element]!)) paths.push([...path, element])
    for (const element of childrenOf(node)) visit(node[element]!, [...path, element])
  }
  visit(set, [])
  return paths
}

/** For constants: `fieldSet(["spec"], ["metadata", "labels"])` holds these members. */
export function fieldSet(...paths: readonly (readonly string[])[]): FieldSet {
  return paths.map(pathSet).reduce(union, emptySet)
}

function pathSet(names: readonly string[]): FieldSet {
  return names.reduceRight<FieldSet>((inner, name) => ({ [`f:${name}`]: inner }), emptySet)
}

// Deeper trees than any object's are not ownership.
const maxDepth = 100

/** The canonical form of a tree that a client sent. Throws Error if it is none. */
export function parseFieldSet(value: unknown): FieldSet {
  return parseNode(value, 0) ?? emptySet
}

function parseNode(value: unknown, depth: number): FieldSet | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("fields must be objects")
  if (depth > maxDepth) throw new Error("exceeded max depth")
  const children: Record<PathElement, FieldSet> = {}
  for (const [text, inner] of Object.entries(value)) {
    const element = text === self ? undefined : parsePathElement(text)
    if (element !== undefined) children[element] = parseNode(inner, depth + 1) ?? emptySet
  }
  return makeNode(children, self in value)
}
