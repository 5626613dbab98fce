import type { LocalSubjectAccessReview } from "../../api/authorization/v1/local-subject-access-review.ts"
import type { SelfSubjectAccessReview } from "../../api/authorization/v1/self-subject-access-review.ts"
import type { SelfSubjectRulesReview } from "../../api/authorization/v1/self-subject-rules-review.ts"
import type { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import type { TokenReview } from "../../api/authentication/v1/token-review.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { methodNotSupported } from "../../apimachinery/status-errors.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { reviewSelf, reviewToken } from "../authentication/reviews.ts"
import {
  reviewLocalSubjectAccess,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
} from "../authorization/access-reviews.ts"
import { decodeBody } from "../encoding/decode-body.ts"
import { respondPlain } from "../encoding/respond-plain.ts"
import { admissionAttributes } from "../handlers/admit.ts"
import { parseWriteOptions } from "../handlers/write-options.ts"
import type { ServerResponse } from "../http/response.ts"
import type { ResourceRequest } from "../resource-request.ts"

type Judge = (review: KubeObject, request: ResourceRequest) => Promise<object> | object

/** Kinds that are questions: created, answered in their status, never stored. */
const judges: Readonly<Record<string, Judge>> = {
  SubjectAccessReview: (review, { context }) =>
    reviewSubjectAccess(as<SubjectAccessReview>(review), context.server.authorizer),
  LocalSubjectAccessReview: (review, { context, namespace }) =>
    reviewLocalSubjectAccess(as<LocalSubjectAccessReview>(review), namespace, context.server.authorizer),
  SelfSubjectAccessReview: (review, { context }) =>
    reviewSelfAccess(as<SelfSubjectAccessReview>(review), context.user, context.server.authorizer),
  SelfSubjectRulesReview: (review, { context }) =>
    reviewSelfRules(as<SelfSubjectRulesReview>(review), context.user, context.server.authorizer),
  SelfSubjectReview: (_, { context }) => reviewSelf(context.user),
  TokenReview(review, { context, served }) {
    const { tokenReviewer } = context.server
    if (!tokenReviewer) throw methodNotSupported(served.resource, "create")
    const { authenticator, audiences } = tokenReviewer
    return reviewToken(as<TokenReview>(review).spec, authenticator, audiences)
  },
}

export async function answerReview(request: ResourceRequest): Promise<ServerResponse> {
  const { context, served } = request
  const { resource } = served
  const options = parseWriteOptions(context.request.query, "CreateOptions")
  const review = await decodeBody(context, resource, options.fieldValidation)
  const attributes = admissionAttributes(request, "CREATE", options, { object: review, oldObject: undefined })
  const admitted = (await context.server.admission.mutate(attributes)) ?? review
  await context.server.admission.validate({ ...attributes, object: admitted })
  const status = await judges[resource.kind]!(admitted, request)
  // A SelfSubjectReview has a moment of its own, for people to look at.
  const metadata =
    resource.kind === "SelfSubjectReview"
      ? { creationTimestamp: formatTime(context.server.clock.now()) }
      : admitted.metadata
  return respondPlain(context, 201, { ...admitted, metadata, status }, resource)
}

export function isReview({ kind }: { readonly kind: string }): boolean {
  return Object.hasOwn(judges, kind)
}

function as<T>(object: KubeObject): T {
  return object as unknown as T
}
