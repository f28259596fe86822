/** What one has, what it has cost, and what is left. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { address } from "../router.js";
import { date, dollars, number, STATUS } from "../words.js";
import { Loading, Trouble } from "./states.js";

export function Usage() {
  const [state, setState] = useState({});
  const load = () => Promise.all([call("GET", "stats"), call("GET", "usage")])
    .then(([stats, usage]) => setState({ stats, usage }), (error) => setState({ trouble: error.message }));
  useEffect(() => { void load(); }, []);
  const { stats, usage, trouble } = state;
  if (trouble) return html`<${Trouble} message=${trouble} retry=${load} />`;
  if (!stats) return html`<${Loading} />`;
  return html`
    <div class="heading"><h1>Usage</h1></div>
    <div class="cards">
      <${Quota} usage=${usage} />
      <section class="card"><h2>Images by state</h2><${Bars} counts=${stats.by_status} names=${STATUS} parameter="status" /></section>
      <section class="card"><h2>Images by category</h2><${Bars} counts=${stats.by_category} names=${{}} parameter="category" /></section>
      <${Months} usage=${usage} />
    </div>`;
}

function Quota({ usage }) {
  return html`
    <section class="card"><h2>This month</h2>
      <${Meter} name="Images" used=${usage.images.used} limit=${usage.images.quota} show=${number} />
      <${Meter} name="Models" used=${usage.budget.used_usd} limit=${usage.budget.budget_usd} show=${dollars} />
      <p class="faint small">A new month begins on ${date(usage.resets_at)}.</p>
    </section>`;
}

function Meter({ name, used = 0, limit, show }) {
  return html`
    <div class="meter"><p><b>${name}</b><span>${show(used)}${limit ? ` of ${show(limit)}` : ", no limit"}</span></p>
      ${Boolean(limit) && html`<progress max=${limit} value=${Math.min(used, limit)} aria-label="${name} used" />`}</div>`;
}

function Bars({ counts, names, parameter }) {
  const rows = Object.entries(counts).filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  if (!rows.length) return html`<p class="faint">None yet.</p>`;
  return html`<ul class="bars">${rows.map(([key, count]) => html`
    <li key=${key}><a href=${address("/", { [parameter]: key })}><span>${names[key] ?? key}</span>
      <span class="bar" style=${{ width: `${(count / most) * 100}%` }}></span><span class="amount">${number(count)}</span></a></li>`)}</ul>`;
}

function Months({ usage }) {
  if (!usage.months.length) return null;
  const rows = usage.months.flatMap(({ month, models }) => models.map((model) => ({ month, ...model })));
  return html`
    <section class="card wide"><h2>Models, by month</h2>
      <table>
        <thead><tr>${["Month", "For", "Model", "Calls", "Tokens", "Cost"].map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
        <tbody>${rows.map(({ month, operation, model, calls, input_tokens, output_tokens, cost_usd }) => html`
          <tr key=${`${month} ${operation} ${model}`}><th scope="row">${month.slice(0, 7)}</th><td>${operation}</td><td>${model}</td>
            <td>${number(calls)}</td><td>${number(input_tokens + output_tokens)}</td><td>${cost_usd === null ? "unknown" : dollars(cost_usd)}</td></tr>`)}</tbody>
      </table>
    </section>`;
}
