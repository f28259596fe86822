/** Above a grid: how many images there are; while some are selected, what can be done with all of them. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { forEach, tell } from "../batch.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { drop, remove, replace } from "../library.js";
import { loadNames, useShownAlbum } from "../names.js";
import { attempt } from "../notices.js";
import { beginSelecting, clearSelection, selection } from "../selection.js";
import { useStore } from "../store.js";
import { many, number } from "../words.js";
import { Confirm } from "./confirm.js";
import { AddToAlbum, KnownTags } from "./edit.js";

/** @param {{children: unknown, selectable?: boolean}} props  what is said while nothing is selected */
export function GridHead({ children, selectable = true }) {
  const { selecting } = useStore(selection);
  if (selecting) return html`<${SelectionBar} />`;
  return html`
    <div class="grid-head"><p class="count" aria-live="polite">${children}</p>
      ${selectable && html`<button class="quiet" onClick=${beginSelecting}><${Icon} name="select" />Select</button>`}
    </div>`;
}

function SelectionBar() {
  const { ids } = useStore(selection);
  const [doing, setDoing] = useState("");
  const album = useShownAlbum();
  const chosen = [...ids];
  useEscape(clearSelection);
  useEffect(() => { void attempt(loadNames); }, []);

  /** Do it to each; `verb` is said meanwhile, `deed` in the end. */
  async function all(verb, deed, work) {
    const said = (done) => setDoing(`${verb} ${number(done)} of ${number(chosen.length)}…`);
    said(0);
    tell(await forEach(chosen, work, said), chosen.length, deed);
    clearSelection();
    document.querySelector(".grid a[tabindex='0']")?.focus({ preventScroll: true });
    await attempt(loadNames);
  }
  const tag = (name) => all("Tagging", `tagged ${name}`, async (id) => {
    const { tags } = await call("GET", `items/${id}`);
    const known = tags.some((each) => each.toLowerCase() === name.toLowerCase());
    if (!known) replace(await call("PATCH", `items/${id}`, { body: { tags: [...tags, name] } }));
  });
  const takeOut = () => all("Taking out", `taken out of ${album.name}`, async (id) => {
    await call("DELETE", `albums/${album.id}/items/${id}`);
    drop(id);
  });
  const discard = () => all("Deleting", "deleted", async (id) => {
    await call("DELETE", `items/${id}`);
    remove(id);
  });
  const idle = !doing && ids.size > 0;
  return html`
    <section class="selection" aria-label="Selection">
      <button class="quiet" aria-label="Leave the selection" onClick=${clearSelection}><${Icon} name="close" /></button>
      <b role="status">${doing || `${number(ids.size)} selected`}</b>
      <${TagAll} disabled=${!idle} onTag=${tag} />
      <${AddToAlbum} ids=${chosen} label="Add all to an album" disabled=${!idle} onAdded=${clearSelection} />
      ${album && html`<button class="out" disabled=${!idle} onClick=${takeOut}><${Icon} name="out" />Take out of ${album.name}</button>`}
      <${Confirm} disabled=${!idle} question=${`Delete ${many(ids.size, "image")}?`} onConfirm=${discard} />
    </section>`;
}

function TagAll({ disabled, onTag }) {
  const [text, setText] = useState("");
  function submit(event) {
    event.preventDefault();
    const name = text.trim();
    setText("");
    if (name && !disabled) onTag(name);
  }
  return html`
    <form onSubmit=${submit}>
      <input aria-label="Tag all" placeholder="Add a tag" list="tags-for-all" disabled=${disabled} value=${text}
        onInput=${(event) => setText(event.currentTarget.value)} />
      <${KnownTags} id="tags-for-all" />
    </form>`;
}

/** Escape leaves the selection: in a dialog and in the search it has other meanings. */
function useEscape(action) {
  useEffect(() => {
    const press = (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]") && event.target.id !== "search") action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
