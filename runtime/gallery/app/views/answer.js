/** An answer, and the images that it rests on. */
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { addressWith } from "../router.js";

/** @param {{found: object | null}} props  the search's response; null while it is awaited */
export function Answer({ found }) {
  if (!found) return html`<section class="answer" aria-busy="true"><p class="faint"><${Icon} name="spark" />Reading your images…</p></section>`;
  const cited = found.citations.map((id) => found.results.find((result) => result.item_id === id)).filter(Boolean);
  return html`
    <section class="answer" aria-label="Answer" aria-live="polite">
      <${Prose} text=${found.answer ?? "There is no answer."} results=${found.results} />
      <${Cited} results=${cited} />
      ${found.agent_reasoning && html`<details><summary>How it was found</summary><p class="faint">${found.agent_reasoning}</p></details>`}
      ${found.answer_confidence !== null && found.answer_confidence !== undefined && html`
        <p class="faint small">Confidence ${Math.round(found.answer_confidence * 100)} %</p>`}
    </section>`;
}

/** Text in paragraphs; what a model wrote stays text. */
export function Prose({ text }) {
  return text.split(/\n{2,}/).map((paragraph, key) => html`<p key=${key} class="prose">${paragraph}</p>`);
}

/** Thumbnails that lead to the images. */
export function Cited({ results }) {
  if (!results.length) return null;
  return html`
    <ul class="cited" aria-label="Images that this rests on">
      ${results.map((result, index) => html`
        <li key=${result.item_id}><a href=${addressWith({ item: result.item_id })}>
          ${result.thumbnail_url && html`<img src=${result.thumbnail_url} alt="" loading="lazy" />`}
          <span>${index + 1}. ${result.headline ?? result.metadata.original_filename}</span></a></li>`)}
    </ul>`;
}
