/** The HTTP application: every feature's routes behind one edge. Holds no state of its own besides caches. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { auditLogRoutes } from "./audit-log/routes.ts";
import { campaignRoutes } from "./campaigns/routes.ts";
import { channelRoutes } from "./channels/routes.ts";
import { clusterRoutes } from "./clusters/routes.ts";
import { consoleRoutes } from "./console/routes.tsx";
import { customerRoutes } from "./customers/routes.ts";
import { threeSixtyRoutes } from "./customers/three-sixty/routes.ts";
import { dashboardRoutes } from "./dashboards/routes.tsx";
import { dataHealthRoutes } from "./data-health/routes.ts";
import { deliveryRoutes } from "./deliveries/routes.ts";
import type { Deps } from "./deps.ts";
import { docsRoutes } from "./docs/routes.ts";
import { erasureRoutes } from "./erasures/routes.ts";
import { eventDeliveryRoutes } from "./event-subscriptions/delivery-routes.ts";
import { eventSubscriptionRoutes } from "./event-subscriptions/routes.ts";
import { eventRoutes } from "./events/routes.ts";
import { exportRoutes } from "./exports/routes.ts";
import { healthRoutes } from "./health/routes.ts";
import { answerError, answerProblem } from "./http/answer-problem.ts";
import { crossOrigin } from "./http/cors.ts";
import { guardHeaders, observe, provide, refuseBadAddress } from "./http/edge.ts";
import type { AppEnv } from "./http/environment.ts";
import { Problem } from "./http/problem.ts";
import { createRouter } from "./http/router.ts";
import { importRoutes } from "./imports/routes.ts";
import { createKeyRing } from "./keys/key-ring.ts";
import { keyRoutes } from "./keys/routes.ts";
import { listExportRoutes } from "./list-exports/routes.ts";
import { memberRoutes } from "./members/routes.ts";
import { modelRoutes } from "./models/routes.ts";
import { offerRoutes } from "./offers/routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import { pointsRoutes } from "./points/routes.ts";
import { poolRoutes } from "./pools/routes.ts";
import { popupRoutes } from "./popups/routes.ts";
import { projectRoutes } from "./projects/routes.ts";
import { publicationJobRoutes } from "./publications/jobs/routes.ts";
import { publicationRoutes } from "./publications/routes.ts";
import { stockRoutes } from "./publications/stock/routes.ts";
import { qualificationRoutes } from "./qualifications/routes.ts";
import { redemptionRoutes } from "./redemptions/routes.ts";
import { referralRoutes } from "./referrals/routes.ts";
import { rejectionRoutes } from "./rejections/routes.ts";
import { reservationRoutes } from "./reservations/routes.ts";
import { clawBackRoutes } from "./reviews/claw-back/routes.ts";
import { reviewRoutes } from "./reviews/routes.ts";
import { riskPolicyRoutes } from "./risk/policy-routes.ts";
import { riskRoutes } from "./risk/routes.ts";
import { segmentRoutes } from "./segments/routes.ts";
import { sessionRoutes } from "./sessions/routes.tsx";
import { suppressionRoutes } from "./suppressions/routes.ts";
import { templateRoutes } from "./templates/routes.ts";
import { trialRoutes } from "./trials/routes.ts";
import { unsubscribeRoutes } from "./unsubscribe/routes.tsx";
import { validationRoutes } from "./validations/routes.ts";
import { voucherBatchRoutes } from "./vouchers/batch-routes.ts";
import { voucherImportRoutes } from "./vouchers/imports/routes.ts";
import { voucherJobRoutes } from "./vouchers/jobs/routes.ts";
import { voucherRoutes } from "./vouchers/routes.ts";
import { voucherSearchRoutes } from "./vouchers/search-routes.ts";
import { sheetRoutes } from "./vouchers/sheet/routes.ts";
import { workflowRoutes } from "./workflows/routes.ts";
import { workflowRunRoutes } from "./workflows/run-routes.ts";

/** Where publishable keys may come, from a browser on another origin. */
const publishablePaths = /^\/v1\/(validations|qualifications|popups|popups\/[^/]+(\/(shown|clicked|dismissed))?)$/;

const features = [
  validationRoutes,
  qualificationRoutes,
  redemptionRoutes,
  reservationRoutes,
  rejectionRoutes,
  riskRoutes,
  riskPolicyRoutes,
  offerRoutes,
  reviewRoutes,
  clawBackRoutes,
  campaignRoutes,
  trialRoutes,
  voucherRoutes,
  voucherSearchRoutes,
  sheetRoutes,
  voucherBatchRoutes,
  voucherImportRoutes,
  voucherJobRoutes,
  poolRoutes,
  publicationRoutes,
  publicationJobRoutes,
  popupRoutes,
  stockRoutes,
  customerRoutes,
  threeSixtyRoutes,
  erasureRoutes,
  pointsRoutes,
  segmentRoutes,
  clusterRoutes,
  referralRoutes,
  workflowRoutes,
  workflowRunRoutes,
  channelRoutes,
  templateRoutes,
  deliveryRoutes,
  suppressionRoutes,
  unsubscribeRoutes,
  importRoutes,
  orderRoutes,
  eventRoutes,
  eventSubscriptionRoutes,
  eventDeliveryRoutes,
  listExportRoutes,
  exportRoutes,
  modelRoutes,
  projectRoutes,
  keyRoutes,
  memberRoutes,
  auditLogRoutes,
  dataHealthRoutes,
  healthRoutes,
  sessionRoutes,
  dashboardRoutes,
];

export function createApp(deps: Deps): OpenAPIHono<AppEnv> {
  const app = createRouter();
  app.use(provide(deps, createKeyRing(deps.db)), observe(deps), guardHeaders());
  app.use(crossOrigin(publishablePaths), refuseBadAddress());
  app.onError(answerError);

  for (const routes of features) app.route("/", routes(deps));
  app.route("/", consoleRoutes(deps));
  app.route("/", docsRoutes(app));

  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path);
    if (allowed.length > 0) {
      const allow = allowed.join(", ");
      return answerProblem(c, new Problem("method_not_allowed", `Allowed: ${allow}.`, { headers: { allow } }));
    }
    return answerProblem(c, new Problem("not_found", "There is nothing at this address."));
  });
  return app;
}

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** The methods some route answers at this path; middleware, which matches all methods, does not count. */
function allowedMethods(app: OpenAPIHono<AppEnv>, path: string): string[] {
  return methods.filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method === method));
}
