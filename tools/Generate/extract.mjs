// Step 1 of the model tool, run rarely and by hand: reads the machine-readable schemas inside the npm packages that package.json
// here pins, and writes models/<service>/model.json. Facts only: names, types, required members, bindings, error
// codes; only what the claimed operations reach. Step 2 (C#, offline) turns these files into code.
//
// What a schema looks like (the SDK's own serializers walk the same arrays): a number is a simple type, a function is a lazy
// reference, [schema, traits] is a member with traits, and
//   [0, ns, name, traits, schema]           a named simple type      [3, ns, name, traits, names, schemas, required]  structure
//   [1, ns, name, traits, item]             list                     [4, …as 3]                                       union
//   [2, ns, name, traits, key, value]       map                      [-3, …as 3]                                      error
//   [9, ns, name, traits, input, output]    operation
// The schemas say "numeric" for every number. Whether it is an integer, a long or a double is taken from the last models that the
// version 2 SDK published, and for members newer than those from models/<service>/types.txt; a number known to neither stops us.

import { createRequire } from "node:module";
import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";

const [modelsDir, cacheDir, ...only] = process.argv.slice(2);
if (!modelsDir || !cacheDir) {
  console.error("usage: extract.mjs MODELS_DIR CACHE_DIR [SERVICE…]");
  process.exit(2);
}
const pins = JSON.parse(readFileSync(join(modelsDir, "packages.json"), "utf8"));
const require = createRequire(resolve(cacheDir, "anchor.js"));

const TRAIT_BITS = ["httpLabel", "idempotent", "idempotencyToken", "sensitive", "httpPayload", "httpResponseCode", "httpQueryParams"];
const SIMPLE = {
  0: "string", 1: "numeric", 2: "boolean", 4: "timestamp", 5: "timestamp", 6: "timestamp", 7: "timestamp", 15: "document",
  17: "bigInteger", 19: "bigDecimal", 21: "blob", 42: "blob",
};
const TIME_FORMATS = { 5: "DateTime", 6: "HttpDate", 7: "EpochSeconds" };

const problems = [];
for (const [service, pin] of Object.entries(pins.services)) {
  // Extensions of our own have a model that people write; no package knows them.
  if (!pin.package) continue;
  if (only.length && !only.includes(service)) continue;
  extract(service, pin);
}
if (problems.length) {
  console.error(problems.join("\n"));
  process.exit(1);
}

function extract(service, pin) {
  const sdk = require(pin.package);
  const version = require(`${pin.package}/package.json`).version;
  const all = Object.fromEntries(
    Object.entries(sdk).filter(([k, v]) => k.endsWith("$") && Array.isArray(v)).map(([, v]) => [v[2], v]));
  const operations = Object.values(all).filter(s => s[0] === 9).map(s => s[2]).sort();
  const supplement = readJson(join(modelsDir, service, "supplement.json"));
  const claimed = readLines(join(modelsDir, service, "operations.txt")).filter(o => !supplement.operations?.[o]);
  const widths = new Widths(service, pin);
  for (const name of operations) widths.learn(name, all[name]);

  const speaksXml = pin.protocols.some(p => p === "AwsQuery" || p === "RestXml");
  const speaksHttp = pin.protocols.some(p => p === "RestXml" || p === "RestJson");
  const readsQueryCodes = pin.protocols.includes("AwsQuery");
  const context = { service, all, widths, speaksXml, speaksHttp, structures: new Map() };

  const claimedOperations = {};
  const errorNames = new Set();
  for (const name of [...claimed].sort()) {
    const schema = all[name];
    if (!schema || schema[0] !== 9) {
      problems.push(`${service}: ${name} is claimed, but ${pin.package} does not have it`);
      continue;
    }
    const entry = { input: structureName(context, schema[4]), output: structureName(context, schema[5]) };
    const http = traitsOf(schema[3]).http;
    if (http && speaksHttp) entry.http = { method: http[0], uri: httpUri(context, http[1], entry.input), status: http[2] };
    entry.errors = thrown(pin.package, name).filter(e => all[e]?.[0] === -3 && !all[e][1].startsWith("smithy.")).sort();
    entry.errors.forEach(e => errorNames.add(e));
    claimedOperations[name] = prune(entry);
  }

  const errors = {};
  for (const name of [...errorNames].sort()) errors[name] = errorFacts(context, all[name], readsQueryCodes);

  const client = clientFacts(sdk, pin);
  const model = {
    source: `${pin.package} ${version}`,
    service: prune({
      name: pin.name, signingName: client.signingName, targetPrefix: client.targetPrefix, apiVersion: client.apiVersion,
      xmlNamespace: speaksXml ? pin.xmlNamespace ?? client.xmlNamespace : undefined,
      protocols: pin.protocols, awsQueryCompatible: client.awsQueryCompatible, iamPrefix: pin.iamPrefix,
    }),
    allOperations: operations,
    operations: claimedOperations,
    structures: Object.fromEntries([...context.structures].sort(byKey)),
    errors,
  };
  mkdirSync(join(modelsDir, service), { recursive: true });
  writeFileSync(join(modelsDir, service, "model.json"), render(model));
  console.log(`${service}: ${claimed.length} of ${operations.length} operations, ${context.structures.size} structures, ` +
    `${Object.keys(errors).length} errors`);
}

function structureName(context, reference) {
  const schema = deref(reference);
  if (schema === "unit") return undefined;
  visitStructure(context, schema);
  return schema[2];
}

function visitStructure(context, schema) {
  const name = schema[2];
  if (context.structures.has(name)) return;
  const entry = {};
  context.structures.set(name, entry);
  const own = traitsOf(schema[3]);
  if (schema[0] === 4) entry.union = true;
  if (context.speaksXml && own.xmlName) entry.xmlName = own.xmlName;
  if (context.speaksXml && own.xmlNamespace) entry.xmlNamespace = own.xmlNamespace[1];
  entry.members = members(context, schema);
}

function members(context, schema, skip = () => false) {
  const result = {};
  schema[4].forEach((name, i) => {
    if (skip(name)) return;
    const member = memberFacts(context, schema[5][i], `${schema[2]}.${name}`);
    if (i < (schema[6] ?? 0)) member.required = true;
    result[name] = brief(member);
  });
  return result;
}

function memberFacts(context, reference, path) {
  const facts = {};
  let schema = reference;
  while (typeof schema === "function" || (Array.isArray(schema) && (schema.length === 2 || schema[0] === 0))) {
    if (typeof schema === "function") { schema = schema(); continue; }
    // The outermost traits win: a member may rename what its type already names.
    const named = schema[0] === 0 && schema.length === 5;
    applyTraits(context, facts, traitsOf(named ? schema[3] : schema[1]));
    schema = named ? schema[4] : schema[0];
  }
  if (typeof schema === "number") return simple(context, facts, schema, path);
  applyTraits(context, facts, { sensitive: traitsOf(schema[3]).sensitive, sparse: traitsOf(schema[3]).sparse });
  switch (schema[0]) {
    case 1:
      facts.type = "list";
      facts.item = brief(memberFacts(context, schema[4], `${path}[]`));
      return facts;
    case 2:
      facts.type = "map";
      facts.key = brief(memberFacts(context, schema[4], `${path}{}`));
      facts.value = brief(memberFacts(context, schema[5], `${path}{}`));
      return facts;
    case 3: case 4:
      facts.type = schema[2];
      visitStructure(context, schema);
      return facts;
    default:
      throw new Error(`${context.service}: ${path} has a schema of kind ${schema[0]}`);
  }
}

function simple(context, facts, code, path) {
  if (code >= 128) {
    facts.type = "map";
    facts.key = "string";
    facts.value = brief(simple(context, {}, code & 63, `${path}{}`));
    return facts;
  }
  if (code >= 64) {
    facts.type = "list";
    facts.item = brief(simple(context, {}, code & 63, `${path}[]`));
    return facts;
  }
  facts.type = SIMPLE[code];
  if (!facts.type || facts.type.startsWith("big")) throw new Error(`${context.service}: ${path} has the unsupported type ${code}`);
  if (code === 42) facts.streaming = true;
  if (TIME_FORMATS[code]) facts.timestampFormat = TIME_FORMATS[code];
  if (facts.type === "numeric") facts.type = context.widths.of(path);
  return facts;
}

function applyTraits(context, facts, traits) {
  const keep = { sensitive: traits.sensitive, idempotencyToken: traits.idempotencyToken, sparse: traits.sparse, streaming: traits.streaming,
    jsonName: traits.jsonName };
  if (context.speaksXml) {
    Object.assign(keep, { xmlName: traits.xmlName, xmlFlattened: traits.xmlFlattened, xmlAttribute: traits.xmlAttribute });
    if (traits.xmlNamespace) Object.assign(keep, { xmlNamespacePrefix: traits.xmlNamespace[0], xmlNamespace: traits.xmlNamespace[1] });
  }
  if (context.speaksHttp) {
    if (traits.httpHeader) Object.assign(keep, { location: "Header", locationName: traits.httpHeader });
    else if (traits.httpPrefixHeaders !== undefined) Object.assign(keep, { location: "PrefixHeaders", locationName: traits.httpPrefixHeaders });
    else if (traits.httpQuery) Object.assign(keep, { location: "Query", locationName: traits.httpQuery });
    else if (traits.httpQueryParams) keep.location = "QueryParams";
    else if (traits.httpLabel) keep.location = "Label";
    else if (traits.httpPayload) keep.location = "Payload";
    else if (traits.httpResponseCode) keep.location = "StatusCode";
  }
  for (const [k, v] of Object.entries(keep)) if (v !== undefined && !(k in facts)) facts[k] = v === 1 ? true : v;
}

function errorFacts(context, schema, readsQueryCodes) {
  const traits = traitsOf(schema[3]);
  const query = readsQueryCodes ? traits.awsQueryError : undefined;
  const entry = { status: traits.httpError ?? query?.[1] ?? (traits.error === "server" ? 500 : 400) };
  if (query && query[0] !== schema[2]) entry.queryCode = query[0];
  // The message is the exception's own; only what is left becomes a detail shape.
  const rest = members(context, schema, name => name.toLowerCase() === "message");
  if (Object.keys(rest).length) entry.members = rest;
  return entry;
}

/** The SDK takes an S3 bucket out of the path because it may move to the host name; servers see both, we model the path. */
function httpUri(context, uri, input) {
  const bucket = context.structures.get(input)?.members.Bucket;
  if (bucket?.location !== "Label" || uri.includes("{Bucket}")) return uri;
  return uri === "/" || uri.startsWith("/?") ? `/{Bucket}${uri.slice(1)}` : `/{Bucket}${uri}`;
}

/** Schemas do not tie errors to operations; the type declarations name them in machine-written `@throws` lines. */
function thrown(name, operation) {
  const file = join(cacheDir, "node_modules", name, "dist-types", "commands", `${operation}Command.d.ts`);
  return [...readFileSync(file, "utf8").matchAll(/@throws \{@link (\w+)\}/g)].map(m => m[1]);
}

function clientFacts(sdk, pin) {
  const Client = sdk[Object.keys(sdk).find(k => k.endsWith("Client") && !k.startsWith("_"))];
  const { config } = new Client({ region: "us-east-1", credentials: { accessKeyId: "unused", secretAccessKey: "unused" } });
  const settings = config.protocolSettings;
  const scheme = readFileSync(join(cacheDir, "node_modules", pin.package, "dist-es", "auth", "httpAuthSchemeProvider.js"), "utf8");
  const signingName = /signingProperties: \{\s*name: "([a-z0-9-]+)"/.exec(scheme)?.[1];
  if (!signingName) throw new Error(`${pin.package}: no signing name found`);
  return {
    signingName, targetPrefix: settings.serviceTarget, apiVersion: settings.version, xmlNamespace: settings.xmlNamespace,
    awsQueryCompatible: settings.awsQueryCompatible ? true : undefined,
  };
}

/** Number widths by "Structure.member", learned by walking both models side by side. */
function Widths(service, pin) {
  const known = new Map();
  const old = pin.widths ? require(`aws-sdk/apis/${pin.widths}.min.json`) : { operations: {}, shapes: {} };
  for (const line of readLines(join(modelsDir, service, "types.txt"))) {
    const [path, type] = line.split(/\s+/);
    known.set(path, type);
  }
  const seen = new Set();
  const resolveOld = s => (s?.shape ? resolveOld({ ...old.shapes[s.shape], id: s.shape }) : s);
  const walk = (reference, oldShape, path) => {
    const shape = resolveOld(oldShape);
    if (!shape) return;
    let schema = reference;
    while (typeof schema === "function" || (Array.isArray(schema) && (schema.length === 2 || schema[0] === 0)))
      schema = typeof schema === "function" ? schema() : schema.length === 2 ? schema[0] : schema[4];
    if (schema === 1) { if (shape.type && !known.has(path)) known.set(path, shape.type); return; }
    if (typeof schema === "number" && schema >= 64) {
      if ((schema & 63) === 1) {
        const item = resolveOld(schema >= 128 ? shape.value : shape.member);
        const key = path + (schema >= 128 ? "{}" : "[]");
        if (item?.type && !known.has(key)) known.set(key, item.type);
      }
      return;
    }
    if (!Array.isArray(schema)) return;
    if (schema[0] === 1) return walk(schema[4], shape.member, `${path}[]`);
    if (schema[0] === 2) return walk(schema[5], shape.value, `${path}{}`);
    const id = `${schema[2]} ${shape.id ?? path}`;
    if (seen.has(id)) return;
    seen.add(id);
    schema[4].forEach((name, i) => walk(schema[5][i], shape.members?.[name], `${schema[2]}.${name}`));
  };
  this.learn = (name, schema) => {
    const operation = old.operations[name];
    if (!operation) return;
    walk(schema[4], operation.input, name);
    walk(schema[5], operation.output, name);
  };
  this.of = path => {
    const type = known.get(path);
    if (["integer", "long", "float", "double"].includes(type)) return type;
    problems.push(`${service}: the width of ${path} is unknown; add it to models/${service}/types.txt`);
    return "integer";
  };
}

function deref(schema) {
  while (typeof schema === "function") schema = schema();
  return schema;
}

function traitsOf(indicator) {
  if (indicator && typeof indicator === "object") return indicator;
  return Object.fromEntries(TRAIT_BITS.filter((_, i) => ((indicator ?? 0) >> i) & 1).map(t => [t, 1]));
}

/** A member that is nothing but its type is written as the type alone, with "!" when it is required. */
function brief(facts) {
  const ordered = prune({ type: facts.type, required: facts.required, ...facts });
  const keys = Object.keys(ordered).filter(k => k !== "required");
  const mark = ordered.required ? "!" : "";
  if (keys.length === 1) return ordered.type + mark;
  if (ordered.type === "list" && keys.length === 2 && typeof ordered.item === "string") return `list<${ordered.item}>${mark}`;
  if (ordered.type === "map" && keys.length === 3 && ordered.key === "string" && typeof ordered.value === "string")
    return `map<${ordered.value}>${mark}`;
  return ordered;
}

function prune(object) {
  return Object.fromEntries(Object.entries(object).filter(([, v]) => v !== undefined));
}

function byKey([a], [b]) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readLines(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").map(l => l.replace(/#.*/, "").trim()).filter(Boolean);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** One line for each member: small enough to review, and a diff shows exactly the fact that changed. */
function render(model) {
  const flat = v => JSON.stringify(v).replaceAll('":', '": ').replaceAll(',"', ', "');
  const section = (v, depth) => {
    if (Array.isArray(v) || typeof v !== "object" || depth === 0) return flat(v);
    const pad = "  ".repeat(5 - depth);
    const lines = Object.entries(v).map(([k, x]) => `${pad}${JSON.stringify(k)}: ${section(x, depth - 1)}`);
    return lines.length ? `{\n${lines.join(",\n")}\n${pad.slice(2)}}` : "{}";
  };
  return section(model, 4) + "\n";
}
