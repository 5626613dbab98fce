import type { Labels, Requirement } from "../apimachinery/labels.ts"
import { matchesLabels, type Selector } from "../apimachinery/labels.ts"
import type { PodIndex } from "./pod-index.ts"
import type { PodInfo } from "./pod-info.ts"

/** "Pods that match this, in these namespaces"; several of them must hold at once. */
export interface CountedTerm {
  readonly selector: Selector
  /** Undefined: all. */
  readonly namespaces: ReadonlySet<string> | undefined
}

/** How many there are by value of a node label. */
export type ByValue = ReadonlyMap<string, number>

interface Question {
  readonly terms: readonly CountedTerm[]
  readonly topologyKey: string
  /** Pods on their way out do not count. */
  readonly skipsTerminating: boolean
  readonly counts: Map<string, number>
}

/** So many questions are kept answered; the one that was not asked for longest is forgotten. */
const maxQuestions = 2000

/**
 * Answers to "how many such pods are there in each zone": counted once when first asked, then kept right as pods come and
 * go, because the next pod of the same workload asks the same. A pod that comes is held only against the questions whose
 * selector can mean it.
 */
export class TopologyCounts {
  readonly #questions = new Map<string, Question>()
  /** By a label that a question's pods must have; "" for those without such a label. */
  readonly #byLabel = new Map<string, Set<Question>>()

  /**
   * `key` stands for the question: the same key, the same question.
   *
   * @param count calls back for every pod there is that may match, with the labels of its node
   */
  ask(
    key: string,
    question: Omit<Question, "counts">,
    pods: PodIndex,
    labelsOf: (nodeName: string) => Labels | undefined,
  ): ByValue {
    const known = this.#questions.get(key)
    if (known) {
      // Moves it to the end of the order.
      this.#questions.delete(key)
      this.#questions.set(key, known)
      return known.counts
    }
    const asked: Question = { ...question, counts: new Map() }
    const [first] = asked.terms
    pods.forEachMatch(first!.namespaces, first!.selector, ({ info, nodeName }) => {
      if (isMeant(asked, info)) count(asked, labelsOf(nodeName), 1)
    })
    this.#remember(key, asked)
    return asked.counts
  }

  add(info: PodInfo, nodeLabels: Labels | undefined): void {
    this.#change(info, nodeLabels, 1)
  }

  remove(info: PodInfo, nodeLabels: Labels | undefined): void {
    this.#change(info, nodeLabels, -1)
  }

  #change(info: PodInfo, nodeLabels: Labels | undefined, by: 1 | -1): void {
    if (this.#questions.size === 0) return
    this.#changeAmong("", info, nodeLabels, by)
    const { labels } = info.pod.metadata
    for (const key in labels) this.#changeAmong(`${key}\0${labels[key]}`, info, nodeLabels, by)
  }

  #changeAmong(label: string, info: PodInfo, nodeLabels: Labels | undefined, by: 1 | -1): void {
    for (const question of this.#byLabel.get(label) ?? [])
      if (isMeant(question, info)) count(question, nodeLabels, by)
  }

  #remember(key: string, question: Question): void {
    this.#questions.set(key, question)
    const label = labelOf(question)
    const others = this.#byLabel.get(label)
    if (others) others.add(question)
    else this.#byLabel.set(label, new Set([question]))
    if (this.#questions.size <= maxQuestions) return
    const [oldest, forgotten] = this.#questions.entries().next().value!
    this.#questions.delete(oldest)
    this.#byLabel.get(labelOf(forgotten))?.delete(forgotten)
  }
}

function isMeant({ terms, skipsTerminating }: Question, { pod }: PodInfo): boolean {
  if (skipsTerminating && pod.metadata.deletionTimestamp) return false
  for (const { selector, namespaces } of terms) {
    if (namespaces && !namespaces.has(pod.metadata.namespace ?? "")) return false
    if (!matchesLabels(selector, pod.metadata.labels)) return false
  }
  return true
}

function count({ topologyKey, counts }: Question, labels: Labels | undefined, by: 1 | -1): void {
  const value = labels?.[topologyKey]
  if (value === undefined) return
  const sum = (counts.get(value) ?? 0) + by
  if (sum === 0) counts.delete(value)
  else counts.set(value, sum)
}

function labelOf({ terms }: Question): string {
  const exact = terms[0]!.selector.requirements.find(isExact)
  return exact ? `${exact.key}\0${exact.values[0]}` : ""
}

export function isExact({ operator, values }: Requirement): boolean {
  return values.length === 1 && (operator === "in" || operator === "=" || operator === "==")
}
