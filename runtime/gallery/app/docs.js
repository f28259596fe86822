/** The API's routes, as its OpenAPI document describes them. */
import { render } from "preact";
import { html } from "./html.js";
import { applyTheme } from "./theme.js";
import { Trouble } from "./views/states.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

function Document({ document }) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({ path, method, ...methods[method] })));
  const groups = Map.groupBy(operations, ({ tags }) => tags?.[0] ?? "other");
  return html`
    <main class="docs">
      <h1>${document.info.title}: the API</h1>
      <p class="faint">Version ${document.info.version}. <a href="openapi.json">OpenAPI document</a></p>
      <p class="prose">${document.info.description}</p>
      ${[...groups].map(([tag, members]) => html`
        <section key=${tag}><h2>${tag}</h2>
          ${members.map((each) => html`<${Operation} key=${each.operationId} operation=${each} schemas=${document.components.schemas} />`)}
        </section>`)}
    </main>`;
}

function Operation({ operation, schemas }) {
  const { method, path, summary, description, parameters = [], requestBody, responses, security } = operation;
  const body = requestBody && Object.values(requestBody.content)[0].schema;
  return html`
    <details class="operation">
      <summary><b class="method ${method}">${method.toUpperCase()}</b> <code>${path}</code> <span class="faint">${summary}</span></summary>
      <p>${description}</p>
      <p class="faint">${security ? "Needs a token." : "Needs no token."}</p>
      ${parameters.length > 0 && html`<dl class="data">${parameters.map(({ name, schema, description: text, required }) => html`
        <div key=${name}><dt><code>${name}</code></dt><dd>${kind(schema)}${required ? ", required" : ""}. ${text}</dd></div>`)}</dl>`}
      ${body && html`<h3>Body</h3><${Fields} schema=${resolved(body, schemas)} />`}
      <h3>Answers</h3>
      <dl class="data">${Object.entries(responses).map(([status, response]) => html`
        <div key=${status}><dt>${status}</dt><dd>${response.description} ${modelOf(response)}</dd></div>`)}</dl>
    </details>`;
}

function Fields({ schema }) {
  return html`
    <dl class="data">${Object.entries(schema.properties ?? {}).map(([name, field]) => html`
      <div key=${name}><dt><code>${name}</code></dt><dd>${kind(field)}${schema.required?.includes(name) ? ", required" : ""}. ${field.description}</dd></div>`)}</dl>
    ${schema.example && html`<pre tabindex="0">${JSON.stringify(schema.example, null, 2)}</pre>`}`;
}

const nameOf = (reference) => reference.split("/").pop();
const resolved = (schema, schemas) => (schema.$ref ? schemas[nameOf(schema.$ref)] : schema);

/** A schema in a few words. */
function kind(schema) {
  if (schema.$ref) return nameOf(schema.$ref);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.type === "array") return `list of ${kind(schema.items ?? {})}`;
  return schema.format ?? schema.type ?? "anything";
}

function modelOf({ content = {} }) {
  const reference = Object.values(content)[0]?.schema?.$ref;
  return reference ? nameOf(reference) : "";
}

async function begin() {
  applyTheme();
  const place = document.getElementById("docs");
  const answer = await fetch(place.dataset.document);
  if (answer.ok) render(html`<${Document} document=${await answer.json()} />`, place);
  else render(html`<${Trouble} message="The document cannot be read. Try again in a moment." />`, place);
}

void begin();
