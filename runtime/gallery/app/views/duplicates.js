/** What one has more than once: the same files, beside their originals, and images that look alike; to be kept or let go. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { remove } from "../library.js";
import { attempt, notify } from "../notices.js";
import { addressWith } from "../router.js";
import { bytes, date, many } from "../words.js";
import { LookAlikes } from "./alike.js";
import { Confirm } from "./confirm.js";
import { Loading, Trouble } from "./states.js";

const PAGE = 100;

export function Duplicates() {
  const [groups, setGroups] = useState(null);
  const [trouble, setTrouble] = useState("");
  const load = () => grouped().then((found) => { setGroups(found); setTrouble(""); }, (error) => setTrouble(error.message));
  useEffect(() => { void load(); }, []);
  async function letGo(copies) {
    for (const copy of copies) {
      if (!(await attempt(async () => { await call("DELETE", `items/${copy.id}`); return true; }))) break;
      remove(copy.id);
    }
    notify(`${many(copies.length, "copy").replace("copys", "copies")} deleted.`);
    await load();
  }
  if (trouble) return html`<${Trouble} message=${trouble} retry=${load} />`;
  if (!groups) return html`<${Loading} />`;
  const all = groups.flatMap((group) => group.copies);
  return html`
    <div class="heading"><h1>Duplicates</h1>
      ${all.length > 0 && html`<${Confirm} label=${`Delete all ${all.length} copies`} question=${`Delete ${all.length} copies?`} onConfirm=${() => letGo(all)} />`}
    </div>
    ${!groups.length && html`<p class="faint">Every file is here once.</p>`}
    <ul class="groups">${groups.map(({ original, copies }) => html`
      <li key=${original.id}>
        <a href=${addressWith({ item: original.id })}>${original.thumbnail_url
          ? html`<img src=${original.thumbnail_url} alt="" loading="lazy" />` : html`<span class="blank"></span>`}</a>
        <div><h2>${original.latest_analysis?.headline ?? original.original_filename}</h2>
          <p class="faint">Kept: ${original.original_filename}, ${bytes(original.file_size)}, ${date(original.created_at)}</p>
          <ul>${copies.map((copy) => html`<li key=${copy.id}><span>${copy.original_filename}, ${date(copy.created_at)}</span>
            <button class="quiet" onClick=${() => letGo([copy])} aria-label="Delete copy ${copy.original_filename}"><${Icon} name="trash" />Delete</button></li>`)}</ul>
        </div>
      </li>`)}</ul>
    <${LookAlikes} />`;
}

/** Copies by the image that they are copies of. */
async function grouped() {
  const copies = [];
  let cursor;
  do {
    const page = await call("GET", "items", { query: { status: "duplicate", limit: PAGE, cursor } });
    copies.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  const of = Map.groupBy(copies.filter((copy) => copy.duplicate_of), (copy) => copy.duplicate_of);
  return Promise.all([...of].map(async ([id, same]) => ({ original: await call("GET", `items/${id}`), copies: same })));
}
