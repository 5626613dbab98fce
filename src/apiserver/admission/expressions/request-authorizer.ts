import {
  type AnswerQuestion,
  type AuthorizationDecision,
  type AuthorizationQuestion,
  CheckPending,
} from "../../../apimachinery/cel/library/authorizer.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import type { Attributes, Authorizer, Decision } from "../../authorization/authorizer.ts"
import { parsedSelectors } from "../../selector-requirements.ts"
import { messageOf } from "../../../base/message-of.ts"

/**
 * Answers what expressions ask of the authorizer about one request. Every question is asked once; where the answer comes
 * later, evaluating stops and begins anew when it is there (see settle.ts).
 */
export function requestAuthorizer(user: UserInfo, authorizer: Authorizer): AnswerQuestion {
  const answers = new Map<string, AuthorizationDecision>()
  return (question) => {
    const key = JSON.stringify(question)
    const known = answers.get(key)
    if (known) return known
    const keep = (answer: AuthorizationDecision) => {
      answers.set(key, answer)
      return answer
    }
    try {
      const decision = authorizer.authorize(attributesOf(question, user))
      if (!(decision instanceof Promise)) return keep(answerOf(decision))
      throw new CheckPending(decision.then(answerOf, failed).then(keep))
    } catch (error) {
      if (error instanceof CheckPending) throw error
      return keep(failed(error))
    }
  }
}

function answerOf({ decision, reason, evaluationError = "" }: Decision): AuthorizationDecision {
  return { allowed: decision === "allowed", reason, error: evaluationError }
}

function failed(error: unknown): AuthorizationDecision {
  return { allowed: false, reason: "", error: messageOf(error) }
}

function attributesOf(question: AuthorizationQuestion, requester: UserInfo): Attributes {
  const { serviceAccount, verb, path, group, resource, subresource, namespace, name } = question
  const user = serviceAccount ? serviceAccountUser(serviceAccount) : requester
  if (path !== undefined) return { user, verb, path }
  const selectors = parsedSelectors(question.fieldSelector, question.labelSelector)
  return {
    user,
    verb,
    apiGroup: group,
    apiVersion: "*",
    resource,
    subresource,
    namespace,
    name,
    ...selectors,
  }
}

function serviceAccountUser({ namespace, name }: { namespace: string; name: string }): UserInfo {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    extra: {},
  }
}
