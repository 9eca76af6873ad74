import assert from "node:assert/strict";

/** A JSON Schema, or a part of a document that has some. */
export type Schema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing about what is valid. */
const ANNOTATIONS = new Set(["description", "examples", "default", "title"]);

/**
 * Fails unless `value` is as `schema` says, whose references are resolved in `document`. It knows what
 * the documents under test use, fails for everything else, and takes no property that is not described.
 */
export function assertValid(
  value: unknown,
  schema: Schema,
  { document, at = "$" }: { document: Schema; at?: string },
): void {
  const inner = (part: unknown, other: unknown, where: string) =>
    assertValid(part, other as Schema, { document, at: `${at}${where}` });
  const fail = (what: string): never => assert.fail(`${at} ${what}: ${JSON.stringify(value)}`);
  for (const [keyword, wanted] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue;
    switch (keyword) {
      case "$ref":
        inner(value, resolve(wanted as string, document), "");
        break;
      case "type":
        if (![wanted].flat().some((type) => hasType(value, type as string))) {
          fail(`is no ${wanted}`);
        }
        break;
      case "const":
        if (value !== wanted) fail(`is not ${wanted}`);
        break;
      case "enum":
        if (!(wanted as unknown[]).includes(value)) fail(`is none of ${wanted}`);
        break;
      case "minimum":
        if (typeof value === "number" && value < (wanted as number)) fail(`is below ${wanted}`);
        break;
      case "maximum":
        if (typeof value === "number" && value > (wanted as number)) fail(`is above ${wanted}`);
        break;
      case "minItems":
        if (Array.isArray(value) && value.length < (wanted as number)) fail(`has too few items`);
        break;
      case "maxItems":
        if (Array.isArray(value) && value.length > (wanted as number)) fail(`has too many items`);
        break;
      case "maxLength":
        if (typeof value === "string" && value.length > (wanted as number)) fail(`is too long`);
        break;
      case "minLength":
        if (typeof value === "string" && value.length < (wanted as number)) fail(`is too short`);
        break;
      case "format":
        assert.equal(wanted, "date-time");
        if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value))) fail("is no time");
        break;
      case "items":
        if (Array.isArray(value)) value.forEach((item, i) => inner(item, wanted, `[${i}]`));
        break;
      case "anyOf":
        if (!(wanted as Schema[]).some((one) => isValid(value, one, document))) {
          fail("fits nothing");
        }
        break;
      case "required":
        for (const name of wanted as string[]) {
          if (hasType(value, "object") && !Object.hasOwn(value as object, name)) {
            fail(`has no ${name}`);
          }
        }
        break;
      case "properties":
      case "additionalProperties":
      case "propertyNames":
        break;
      default:
        assert.fail(`${at}: the keyword ${keyword} is not known here`);
    }
  }
  if (schema.type !== "object" || !hasType(value, "object")) return;
  const { properties = {}, additionalProperties = false } = schema as {
    properties?: Record<string, Schema>;
    additionalProperties?: Schema | false;
  };
  for (const [name, field] of Object.entries(value as object)) {
    const described = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (!described) fail(`has ${name}, which is not described`);
    else inner(field, described, `.${name}`);
  }
}

function isValid(value: unknown, schema: Schema, document: Schema): boolean {
  try {
    assertValid(value, schema, { document });
    return true;
  } catch {
    return false;
  }
}

/** What a reference within the document leads to. */
export function resolve(reference: string, document: Schema): Schema {
  assert.match(reference, /^#\//);
  return reference.slice(2).split("/").reduce<unknown>((part, name) => {
    const next = (part as Schema | undefined)?.[name];
    return next ?? assert.fail(`${reference} leads nowhere`);
  }, document) as Schema;
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "null":
      return value === null;
    default: {
      const actual: string = typeof value;
      return actual === type;
    }
  }
}
