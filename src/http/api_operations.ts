import type { Context } from "@hono/hono";
import type { AccessScheme } from "./access.ts";
import { type ApiOperation, refusal } from "./api_operation.ts";
import { taskOperations } from "./api_task_operations.ts";
import { CHANGE_PARAMETERS, HOST_PARAMETERS, HOST_PATH } from "./history_query.ts";
import { changesRoute, type HistoryRouteOptions, hostRoute, hostsRoute } from "./history_routes.ts";
import { openapiDocument } from "./openapi.ts";
import { addressParameters, refuseOthers } from "./parameters.ts";
import { refusing } from "./refusing.ts";
import { OPEN_PORT_PARAMETERS } from "./sd_query.ts";
import { sdRoute, type SdRouteOptions } from "./sd_route.ts";
import type { TaskRouteOptions } from "./task_routes.ts";

/** What the routes under /v1 need. */
export interface ApiOptions extends HistoryRouteOptions, SdRouteOptions, TaskRouteOptions {
  readonly version: string;
  /** The ways to say who asks, now; none makes everything public. */
  readonly apiSecurity: () => readonly AccessScheme[];
}

const BAD_PARAMETER = refusal("A parameter cannot be used; details.parameter names it");

/** Everything that can be asked for under /v1: the routes, and the document of them, are made from this. */
export function apiOperations(options: ApiOptions): readonly ApiOperation[] {
  const operations: ApiOperation[] = [
    ...taskOperations(options),
    {
      method: "GET",
      path: "/v1/hosts",
      id: "listHosts",
      summary: "Every address that is known, in order",
      parameters: HOST_PARAMETERS,
      answers: { 200: { description: "The hosts", schema: "Hosts" }, 400: BAD_PARAMETER },
      handler: hostsRoute(options),
    },
    {
      method: "GET",
      path: "/v1/hosts/:ip",
      id: "getHost",
      summary: "One address, with its ports",
      pathParameters: HOST_PATH,
      answers: {
        200: { description: "The host", schema: "Host" },
        400: BAD_PARAMETER,
        404: refusal("Nothing is known of it"),
      },
      handler: hostRoute(options),
    },
    {
      method: "GET",
      path: "/v1/changes",
      id: "listChanges",
      summary: "Ports that opened or closed, newest first",
      parameters: CHANGE_PARAMETERS,
      answers: { 200: { description: "The changes", schema: "Changes" }, 400: BAD_PARAMETER },
      handler: changesRoute(options),
    },
    {
      method: "GET",
      path: "/v1/sd",
      id: "listOpenPorts",
      summary: "Open ports as targets for Prometheus's http_sd",
      parameters: OPEN_PORT_PARAMETERS,
      answers: {
        200: { description: "One group for each open port", schema: "TargetGroups" },
        400: BAD_PARAMETER,
      },
      handler: sdRoute(options),
    },
    {
      method: "GET",
      path: "/v1/openapi.json",
      id: "getDocument",
      summary: "This document",
      answers: {
        200: { description: "OpenAPI 3.1", schema: "Document" },
        400: refusal("There are parameters, and none is allowed"),
      },
      handler: refusing(function showDocument(c: Context) {
        refuseOthers(addressParameters(c), []);
        const { version, apiSecurity } = options;
        return c.json(openapiDocument(operations, { version, security: apiSecurity() }));
      }),
    },
  ];
  return operations;
}
