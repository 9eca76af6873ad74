import * as z from "zod";
import type { AccessScheme } from "./access.ts";
import {
  CHANGES_ANSWER,
  DOCUMENT_ANSWER,
  ERROR_ANSWER,
  HOST_ANSWER,
  HOSTS_ANSWER,
  SD_ANSWER,
  TASK_ACCEPTED,
  TASK_ANSWER,
  TASKS_ANSWER,
} from "./api_answers.ts";
import { type ApiAnswer, type ApiOperation, refusal } from "./api_operation.ts";

/** A document, or a part of one. */
type Json = { readonly [name: string]: unknown };

/** Schemas of answers by their names in the document. */
const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  Changes: CHANGES_ANSWER,
  Document: DOCUMENT_ANSWER,
  Error: ERROR_ANSWER,
  Host: HOST_ANSWER,
  Hosts: HOSTS_ANSWER,
  TargetGroups: SD_ANSWER,
  Task: TASK_ANSWER,
  TaskAccepted: TASK_ACCEPTED,
  Tasks: TASKS_ANSWER,
};

const SCHEMES: Readonly<Record<AccessScheme, Json>> = {
  basic: { type: "http", scheme: "basic" },
  bearer: { type: "http", scheme: "bearer" },
};

const OTHERWISE = refusal(
  "Any other error: 405 with Allow for another method, 413 above 64 KiB, 500 when the log says why",
);
const STRANGER = refusal("The request does not say who asks, or not rightly");

/** Describes operations as OpenAPI 3.1, from the schemas that their requests are checked with. */
export function openapiDocument(
  operations: readonly ApiOperation[],
  { version, security }: { version: string; security: readonly AccessScheme[] },
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    const item = paths[path] ??= {};
    item[operation.method.toLowerCase()] = describe(operation, security.length > 0);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "openport-exporter",
      version,
      summary: "What is open on the network, and scans on demand",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    ...(security.length > 0 && { security: security.map((name) => ({ [name]: [] })) }),
    paths,
    components: {
      schemas: componentSchemas(operations),
      ...(security.length > 0 && {
        securitySchemes: Object.fromEntries(security.map((name) => [name, SCHEMES[name]])),
      }),
    },
  };
}

function describe(operation: ApiOperation, secured: boolean): Json {
  const { id, summary, description, pathParameters, parameters, body, answers } = operation;
  const described = [
    ...parametersOf(pathParameters, "path"),
    ...parametersOf(parameters, "query"),
  ];
  const all: Readonly<Record<string, ApiAnswer>> = {
    ...answers,
    ...(secured && { 401: STRANGER }),
    default: OTHERWISE,
  };
  return {
    operationId: id,
    summary,
    ...(description !== undefined && { description }),
    ...(described.length > 0 && { parameters: described }),
    ...(body !== undefined && {
      requestBody: { required: true, content: jsonOf(body.name) },
    }),
    responses: Object.fromEntries(
      Object.entries(all).map(([code, answer]) => [code, responseOf(answer)]),
    ),
  };
}

function responseOf({ description, schema, headers }: ApiAnswer): Json {
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, meaning]) => [
          name,
          { description: meaning, required: true, schema: { type: "string" } },
        ]),
      ),
    }),
    content: jsonOf(schema),
  };
}

function jsonOf(schema: string): Json {
  return { "application/json": { schema: reference(schema) } };
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaJson(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    description,
    schema: rest,
  }));
}

/** All named schemas; those of bodies as they are sent. */
function componentSchemas(operations: readonly ApiOperation[]): Json {
  const schemas = { ...ANSWERS };
  for (const { body } of operations) if (body !== undefined) schemas[body.name] = body.schema;
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const made = z.toJSONSchema(registry, {
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
  }).schemas as Readonly<Record<string, Json>>;
  return Object.fromEntries(
    Object.entries(made).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
}

function schemaJson(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: "input" });
}
