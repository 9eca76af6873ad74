import type { Handler } from "@hono/hono";
import type * as z from "zod";

/** An answer of an operation. */
export interface ApiAnswer {
  readonly description: string;
  /** Name of its schema among the components of the document. */
  readonly schema: string;
  /** Header fields that it has besides the usual ones, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Something that can be asked for under /v1: what answers, and how the document describes it. */
export interface ApiOperation {
  readonly method: "GET" | "POST";
  /** As the router takes it, with `:name` for a part that varies. */
  readonly path: string;
  /** `operationId` of the document. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Parameters in the path, and after the question mark; the schemas that requests are checked with. */
  readonly pathParameters?: z.ZodObject;
  readonly parameters?: z.ZodObject;
  /** The JSON body that is required, as it is checked. */
  readonly body?: { readonly name: string; readonly schema: z.ZodObject };
  /** By status code, apart from what every operation may answer. */
  readonly answers: Readonly<Record<number, ApiAnswer>>;
  readonly handler: Handler;
}

/** An error that an operation answers. */
export function refusal(description: string, headers?: ApiAnswer["headers"]): ApiAnswer {
  return { description, schema: "Error", ...(headers !== undefined && { headers }) };
}
